/* What the products of repacked weights share: eight rows side by side, which meet four tokens side by side. */
#pragma once
#include "kernels.h"

enum {
  ROWS = 8,   /* of a repacked group */
  GROUPS = 2, /* at a time */
  TOKENS = 4,
  FOURS = 8, /* of values, in 32 */
};

/** How one type is multiplied. A panel is some blocks of one or two groups of rows, a quad is four tokens. */
struct repacked {
  int64_t values, panel_blocks;                              /* values of a block; blocks of a panel */
  size_t weight_bytes, token_bytes, panel_bytes, quad_bytes; /* of a block; the last: of sums */
  void (*unfold)(void *panel, int group, const void *weights);
  /** One block, with one group of rows or with two. */
  void (*multiply[GROUPS])(const void *panel, const void *tokens, void *quad);
  void (*store)(int groups, const void *quad, float *c, int64_t ldc);
};
extern const struct repacked repacked_q4_K, repacked_q4_0;

/** `m` rows, eight side by side; `n` tokens, four side by side; `k` columns. `ldc` floats from one token's sums to the next. */
void multiply_repacked(const struct repacked *type, int64_t k, float *c, int64_t ldc, const void *weights,
                       const void *tokens, int64_t n, int64_t m);

/** Eight values of eight rows, four bits each, as fours of values: in each lane those of one row. The upper four bits stay. */
INLINE void unfold_eight(const uint8_t values[2][32], __m256i fours[2]) {
  const __m256 a = _mm256_loadu_ps((const float *)values[0]), b = _mm256_loadu_ps((const float *)values[1]);
  fours[0] = _mm256_permute4x64_epi64(_mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88)), 0xD8);
  fours[1] = _mm256_permute4x64_epi64(_mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xDD)), 0xD8);
}

/**
 * Sums of the products of 32 values in 16 bits, two for each row: sixteen products of at most 15 · 127 fit. Kept as a
 * loop: unrolled, its sums were pushed out of the registers.
 */
INLINE void add_up(const int groups, const __m256i values[FOURS][GROUPS], const int8_t tokens[FOURS / 2][TOKENS][2][4],
                   __m256i sums[GROUPS][TOKENS]) {
#pragma GCC unroll 2
  for (int g = 0; g < groups; g++)
#pragma GCC unroll 4
    for (int j = 0; j < TOKENS; j++) sums[g][j] = _mm256_setzero_si256();
#pragma GCC unroll 1
  for (int eight = 0; eight < FOURS / 2; eight++) {
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++)
#pragma GCC unroll 4
      for (int j = 0; j < TOKENS; j++) {
        int32_t of_token;
        memcpy(&of_token, tokens[eight][j][half], sizeof of_token);
        const __m256i token = _mm256_set1_epi32(of_token);
#pragma GCC unroll 2
        for (int g = 0; g < groups; g++)
          sums[g][j] = _mm256_add_epi16(sums[g][j], _mm256_maddubs_epi16(values[eight * 2 + half][g], token));
      }
  }
}
