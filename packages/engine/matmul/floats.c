/*
 * f32, f16 and bf16 weights with tokens that llama.cpp rounded to the same type, both unfolded to f32.
 *
 * A panel of 16 rows of weights, side by side, meets six tokens at a time: twelve vectors of sums, two of weights and
 * one of a token fill 15 of the 16 registers.
 */
#include "floats.h"

enum {
  ROWS = FLOAT_ROWS,
  TOKENS = FLOAT_TOKENS,
  DEPTH = 256,       /* a panel of so many columns (16 KiB) and the tokens that it meets stay in the first cache */
  MOST_TOKENS = 516, /* of one step: they lie on the stack, half a MiB of f32 */
};

INLINE void transpose(__m256 r[8]) {
  __m256 pairs[8], fours[8];
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    fours[i] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
    fours[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0xEE);
    fours[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
    fours[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xEE);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    r[i] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20);
    r[i + 4] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31);
  }
}

INLINE void unfold(float *panel, const char *a, size_t stride, int64_t rows, int64_t from, int64_t depth, int type) {
  for (int group = 0; group < ROWS; group += 8) {
    const char *const first = a + group * stride;
    int64_t column = 0;
    for (; column + 8 <= depth; column += 8) {
      __m256 r[8];
#pragma GCC unroll 8
      for (int i = 0; i < 8; i++)
        r[i] = group + i < rows ? eight(first + i * stride, from + column, type) : _mm256_setzero_ps();
      transpose(r);
#pragma GCC unroll 8
      for (int i = 0; i < 8; i++) _mm256_store_ps(panel + (column + i) * ROWS + group, r[i]);
    }
    for (; column < depth; column++)
      for (int i = 0; i < 8; i++)
        panel[column * ROWS + group + i] =
            group + i < rows ? single(first + i * stride, from + column, type) : 0;
  }
}

/** `tokens` is known where this is inlined, so that the sums stay in registers. */
INLINE void tile(const int tokens, const float *panel, struct floats b, int64_t depth, struct floats c, bool onto) {
  __m256 low[TOKENS], high[TOKENS];
#pragma GCC unroll 6
  for (int j = 0; j < tokens; j++) {
    low[j] = onto ? _mm256_loadu_ps(c.data + j * c.stride) : _mm256_setzero_ps();
    high[j] = onto ? _mm256_loadu_ps(c.data + j * c.stride + 8) : _mm256_setzero_ps();
  }
  for (int64_t column = 0; column < depth; column++) {
    const __m256 x = _mm256_load_ps(panel + column * ROWS), y = _mm256_load_ps(panel + column * ROWS + 8);
#pragma GCC unroll 6
    for (int j = 0; j < tokens; j++) {
      const __m256 value = _mm256_broadcast_ss(b.data + j * b.stride + column);
      low[j] = _mm256_fmadd_ps(x, value, low[j]);
      high[j] = _mm256_fmadd_ps(y, value, high[j]);
    }
  }
#pragma GCC unroll 6
  for (int j = 0; j < tokens; j++) {
    _mm256_storeu_ps(c.data + j * c.stride, low[j]);
    _mm256_storeu_ps(c.data + j * c.stride + 8, high[j]);
  }
}

TARGET void multiply_panel(int tokens, const float *panel, struct floats b, int64_t depth, struct floats c, bool onto) {
  switch (tokens) {
    case 1: tile(1, panel, b, depth, c, onto); return;
    case 2: tile(2, panel, b, depth, c, onto); return;
    case 3: tile(3, panel, b, depth, c, onto); return;
    case 4: tile(4, panel, b, depth, c, onto); return;
    case 5: tile(5, panel, b, depth, c, onto); return;
    default: tile(TOKENS, panel, b, depth, c, onto);
  }
}

/** All tokens with the rows of a panel. Rows beyond the last are kept out of `c`. */
static void panel_by_tokens(const float *panel, int64_t rows, float *b, int64_t n, int64_t depth, float *c,
                            int64_t ldc, bool onto) {
  _Alignas(32) float edge[ROWS * TOKENS];
  for (int64_t token = 0; token < n; token += TOKENS) {
    const int tokens = n - token < TOKENS ? (int)(n - token) : TOKENS;
    float *const to = c + token * ldc;
    if (rows == ROWS) {
      multiply_panel(tokens, panel, (struct floats){b + token * DEPTH, DEPTH}, depth, (struct floats){to, ldc}, onto);
      continue;
    }
    for (int j = 0; onto && j < tokens; j++) memcpy(edge + j * ROWS, to + j * ldc, rows * sizeof(float));
    multiply_panel(tokens, panel, (struct floats){b + token * DEPTH, DEPTH}, depth, (struct floats){edge, ROWS}, onto);
    for (int j = 0; j < tokens; j++) memcpy(to + j * ldc, edge + j * ROWS, rows * sizeof(float));
  }
}

/** Writes `depth` columns of tokens as f32, one after the other. Inlined where `type` is known. */
INLINE void unfold_tokens(float *to, const char *b, size_t stride, int64_t n, int64_t from, int64_t depth, int type) {
  for (int64_t j = 0; j < n; j++, to += DEPTH) {
    const char *const row = b + j * stride;
    int64_t column = 0;
    for (; column + 8 <= depth; column += 8) _mm256_storeu_ps(to + column, eight(row, from + column, type));
    for (; column < depth; column++) to[column] = single(row, from + column, type);
  }
}

TARGET void unfold_panel(float *panel, struct rows a, int64_t row, int64_t rows, int64_t from, int64_t depth) {
  const char *const first = a.data + row * a.stride;
  switch (a.type) {
    case GGML_TYPE_F16: unfold(panel, first, a.stride, rows, from, depth, GGML_TYPE_F16); return;
    case GGML_TYPE_BF16: unfold(panel, first, a.stride, rows, from, depth, GGML_TYPE_BF16); return;
    default: unfold(panel, first, a.stride, rows, from, depth, GGML_TYPE_F32);
  }
}

static TARGET void unfold_some(float *to, struct rows b, int64_t token, int64_t n, int64_t from, int64_t depth) {
  const char *const first = b.data + token * b.stride;
  switch (b.type) {
    case GGML_TYPE_F16: unfold_tokens(to, first, b.stride, n, from, depth, GGML_TYPE_F16); return;
    case GGML_TYPE_BF16: unfold_tokens(to, first, b.stride, n, from, depth, GGML_TYPE_BF16); return;
    default: unfold_tokens(to, first, b.stride, n, from, depth, GGML_TYPE_F32);
  }
}

TARGET void multiply_floats(const struct product *product, struct part part) {
  _Alignas(32) float panel[ROWS * DEPTH];
  _Alignas(32) float tokens[MOST_TOKENS * DEPTH];
  for (int64_t token = part.first_token; token < part.end_token; token += MOST_TOKENS) {
    const int64_t n = part.end_token - token < MOST_TOKENS ? part.end_token - token : MOST_TOKENS;
    for (int64_t from = 0; from < product->k; from += DEPTH) {
      const int64_t depth = product->k - from < DEPTH ? product->k - from : DEPTH;
      unfold_some(tokens, product->tokens, token, n, from, depth);
      for (int64_t row = part.first_row; row < part.end_row; row += ROWS) {
        const int64_t rows = part.end_row - row < ROWS ? part.end_row - row : ROWS;
        unfold_panel(panel, product->weights, row, rows, from, depth);
        panel_by_tokens(panel, rows, tokens, n, depth, product->c + token * product->ldc + row, product->ldc, from > 0);
      }
    }
  }
}
