/* What the kernels share: the product that is asked for, the part of it that a thread makes, and llama.cpp's types. */
#pragma once
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef PUNA_LLAMA_HEADERS /* The test of these files compiles them beside llama.cpp's own headers instead. */
enum {
  GGML_TYPE_F32 = 0,
  GGML_TYPE_F16 = 1,
  GGML_TYPE_Q5_0 = 6,
  GGML_TYPE_Q8_0 = 8,
  GGML_TYPE_Q5_K = 13,
  GGML_TYPE_Q6_K = 14,
  GGML_TYPE_Q8_K = 15,
  GGML_TYPE_BF16 = 30
};
#endif
_Static_assert(GGML_TYPE_F32 == 0 && GGML_TYPE_F16 == 1 && GGML_TYPE_Q5_0 == 6 && GGML_TYPE_Q8_0 == 8 &&
                   GGML_TYPE_Q5_K == 13 && GGML_TYPE_Q6_K == 14 && GGML_TYPE_Q8_K == 15 && GGML_TYPE_BF16 == 30,
               "as llama.cpp counts them");

#define TARGET __attribute__((target("avx2,fma,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET

/** Rows of weights, or tokens: `stride` bytes from one to the next. */
struct rows {
  const char *data;
  size_t stride;
  int type;
};

/** c[n][m] = sum over k of weights[m][k] tokens[n][k]; `ldc` floats from one n to the next. */
struct product {
  struct rows weights, tokens;
  float *c;
  int64_t ldc, k;
};

/** The rows and tokens from..to that one thread makes. */
struct part {
  int64_t first_row, end_row, first_token, end_token;
};

typedef void kernel(const struct product *product, struct part part);

/** f32, f16 and bf16 weights, tokens of the same type. */
kernel multiply_floats;
/** q5_0 and q8_0 weights, q8_0 tokens. */
kernel multiply_blocks;
/** q5_K and q6_K weights, q8_K tokens. */
kernel multiply_superblocks;

/**
 * Weights as llama.cpp repacks them: `m` rows, eight side by side; `n` tokens, four side by side; `k` columns.
 * `ldc` floats from one token's sums to the next.
 */
typedef void kernel_of_repacked(int64_t k, float *c, int64_t ldc, const void *weights, const void *tokens, int64_t n,
                                int64_t m);
kernel_of_repacked multiply_q4_K_x8, multiply_q4_0_x8;

enum {
  FLOAT_ROWS = 16, /* that are read side by side */
  BLOCK_ROWS = 4,
  BLOCK_TOKENS = 3,
  BLOCK = 32,           /* values of one scale */
  SUPERBLOCK = 256,     /* values of one scale of scales */
  MOST_COLUMNS = 32768,      /* of weights in blocks: a tile of three tokens fits MOST_OF_TILES */
  MOST_OF_PANEL = 24 * 1024, /* bytes: it stays in the first cache */
  MOST_OF_TILES = 256 * 1024, /* bytes: with a panel they stay in the second cache */
};

/** Eight parts of each sum of four rows and three tokens, and for q5_K what is added to a sum in the end. */
struct sums {
  __m256 of[BLOCK_TOKENS][BLOCK_ROWS];
  __m128 last[BLOCK_TOKENS];
};

/** One panel, which is some blocks of four rows, and the tokens that it meets, in tiles of three. */
struct step {
  const void *panel, *tiles;
  int64_t blocks, stride; /* of the panel; from one tile to the next */
  int64_t tokens, rows;   /* rows may be fewer than four */
  bool is_first, is_last; /* of the panels of these rows */
  struct sums *sums;      /* of each tile, between the first panel and the last */
  float *c;
  int64_t ldc;
};

/** How weights that come in blocks are multiplied. */
struct format {
  size_t tile_bytes;            /* of one block */
  int64_t values, panel_blocks; /* values of one block; blocks of a panel */
  /** Writes one token to its tile. */
  void (*lay_out)(void *tile, int token, const char *from, int64_t blocks);
  /** Writes one of the four rows of a panel, or zeros where `from` is NULL. */
  void (*unfold)(void *panel, int row, const char *from, int64_t first_block, int64_t blocks);
  void (*multiply)(const struct step *step);
};

void multiply_tiles(const struct product *product, struct part part, const struct format *format);

INLINE struct sums begin_tile(const struct step *step, int64_t tile, int tokens, bool has_last) {
  struct sums sums;
#pragma GCC unroll 3
  for (int j = 0; j < tokens; j++) {
#pragma GCC unroll 4
    for (int i = 0; i < BLOCK_ROWS; i++)
      sums.of[j][i] = step->is_first ? _mm256_setzero_ps() : step->sums[tile].of[j][i];
    if (has_last) sums.last[j] = step->is_first ? _mm_setzero_ps() : step->sums[tile].last[j];
  }
  return sums;
}

/** Adds up each of four vectors, in the order in which llama.cpp adds one up. */
INLINE __m128 total(const __m256 v[BLOCK_ROWS]) {
  __m128 r[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) r[i] = _mm_add_ps(_mm256_extractf128_ps(v[i], 1), _mm256_castps256_ps128(v[i]));
  _MM_TRANSPOSE4_PS(r[0], r[1], r[2], r[3]);
  return _mm_add_ps(_mm_add_ps(r[0], r[2]), _mm_add_ps(r[1], r[3]));
}

INLINE void end_tile(const struct step *step, int64_t tile, int tokens, const struct sums *sums, bool has_last) {
#pragma GCC unroll 3
  for (int j = 0; j < tokens; j++) {
    if (!step->is_last) {
#pragma GCC unroll 4
      for (int i = 0; i < BLOCK_ROWS; i++) step->sums[tile].of[j][i] = sums->of[j][i];
      if (has_last) step->sums[tile].last[j] = sums->last[j];
      continue;
    }
    float *const c = step->c + (tile * BLOCK_TOKENS + j) * step->ldc;
    _Alignas(16) float each[BLOCK_ROWS];
    _mm_store_ps(each, has_last ? _mm_add_ps(total(sums->of[j]), sums->last[j]) : total(sums->of[j]));
    if (step->rows >= BLOCK_ROWS) _mm_storeu_ps(c, _mm_load_ps(each));
    else for (int64_t i = 0; i < step->rows; i++) c[i] = each[i];
  }
}

/** Eight scales, and then eight mins, of six bits each. @source llama.cpp v0.5.0 get_scale_min_k4 */
INLINE __m128i scales_and_mins(const uint8_t packed[12]) {
  uint32_t of[3];
  memcpy(of, packed, sizeof of);
  const uint32_t six = 0x3f3f3f3f, four = 0x0f0f0f0f, two = 0x03030303;
  return _mm_setr_epi32((int)(of[0] & six), (int)((of[2] & four) | ((of[0] >> 6 & two) << 4)), (int)(of[1] & six),
                        (int)((of[2] >> 4 & four) | ((of[1] >> 6 & two) << 4)));
}
