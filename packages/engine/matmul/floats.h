/* Rows of f32, f16 and bf16 unfolded to panels of f32, and panels times rows: what products and attention are made of. */
#pragma once
#include "kernels.h"

enum { FLOAT_TOKENS = 6 }; /* that meet a panel at a time */

/** Rows of f32: `stride` floats from one to the next. */
struct floats {
  float *data;
  int64_t stride;
};

/** Writes `depth` columns of up to 16 rows as f32, the rows of one column side by side; rows that are not there are 0. */
void unfold_panel(float *panel, struct rows a, int64_t row, int64_t rows, int64_t from, int64_t depth);

/**
 * c[j][i] = sum over d of panel[d][i] b[j][d], for 16 i, up to FLOAT_TOKENS j and `depth` d in their order; `onto` what
 * stands in c. The sums of one j don't depend on how many others there are.
 * @param panel  at a multiple of 32 bytes
 */
void multiply_panel(int tokens, const float *panel, struct floats b, int64_t depth, struct floats c, bool onto);

/** `at` is a multiple of eight. */
INLINE __m256 eight(const char *row, int64_t at, int type) {
  if (type == GGML_TYPE_F32) return _mm256_loadu_ps((const float *)row + at);
  const __m128i half = _mm_loadu_si128((const __m128i *)((const uint16_t *)row + at));
  if (type == GGML_TYPE_F16) return _mm256_cvtph_ps(half);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}

INLINE float single(const char *row, int64_t at, int type) {
  if (type == GGML_TYPE_F32) return ((const float *)row)[at];
  const uint16_t half = ((const uint16_t *)row)[at];
  if (type == GGML_TYPE_F16) return _cvtsh_ss(half);
  const uint32_t bits = (uint32_t)half << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
