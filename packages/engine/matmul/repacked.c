/*
 * q4_K weights that llama.cpp has repacked, eight rows side by side, with tokens that it rounded to q8_K, four side by
 * side. This takes the place of its `ggml_gemm_q4_K_8x8_q8_K`: sums are made of the same terms in the same order and are
 * the same to the bit.
 *
 * Sixteen rows meet four tokens at a time. Products of four bits and eight add up in 16 bits for a whole sub-block of 32
 * values, with one row in each lane: two instructions for 32 products. llama.cpp's own arranges the operands anew for
 * every four tokens, and has more of them at hand than there are registers.
 */
#include "kernels.h"
#include <string.h>

enum {
  ROWS = 8,  /* of a repacked group */
  GROUPS = 2, /* at a time */
  TOKENS = 4,
  PAIRS = 4, /* of sub-blocks, in a superblock */
  FOURS = 8, /* of values, in a sub-block */
  PANEL_SUPERBLOCKS = 4,
  AT_HAND = 320 * 1024, /* bytes of tokens: with a panel they stay in the second cache */
  MOST_QUADS = 64,
};

/* @source llama.cpp v0.5.0 ggml-cpu/repack.h block_q4_Kx8, block_q8_Kx4 */
struct q4_K_x8 {
  uint16_t scale[ROWS], min_scale[ROWS]; /* f16 */
  uint8_t scales[PAIRS][2][12];          /* of a sub-block: a scale and a min of each row, six bits each */
  uint8_t values[PAIRS][FOURS / 2][2][32]; /* eight values of four rows, and of the other four; the pair's second above */
};
struct q8_K_x4 {
  float scale[TOKENS];
  int8_t values[PAIRS][2][FOURS / 2][TOKENS][2][4];
  int16_t sums[PAIRS][TOKENS][4]; /* of sixteen values each */
};
_Static_assert(sizeof(struct q4_K_x8) == 1152 && sizeof(struct q8_K_x4) == 1168, "without gaps");

/** A superblock of sixteen rows: of each row there are four bytes or two 16-bit numbers in a vector. */
struct panel {
  __m256i values[PAIRS][2][FOURS][GROUPS];
  __m256i scales[PAIRS][2][GROUPS]; /* twice the same */
  __m256i mins[PAIRS][GROUPS];      /* of both sub-blocks of a pair */
  __m256 scale[GROUPS], min_scale[GROUPS];
};
_Static_assert(PANEL_SUPERBLOCKS * sizeof(struct panel) <= MOST_OF_PANEL, "a panel fits");

/** Of four tokens and sixteen rows, between one panel and the next. */
struct quad {
  __m256 sums[GROUPS][TOKENS], mins[GROUPS][TOKENS];
};

/** Eight scales, and then eight mins, of six bits each. @source llama.cpp v0.5.0 get_scale_min_k4 */
INLINE __m128i scales_and_mins(const uint8_t packed[12]) {
  uint32_t of[3];
  memcpy(of, packed, sizeof of);
  const uint32_t six = 0x3f3f3f3f, four = 0x0f0f0f0f, two = 0x03030303;
  return _mm_setr_epi32((int)(of[0] & six), (int)((of[2] & four) | ((of[0] >> 6 & two) << 4)), (int)(of[1] & six),
                        (int)((of[2] >> 4 & four) | ((of[1] >> 6 & two) << 4)));
}

INLINE void unfold(struct panel *panel, int group, const struct q4_K_x8 *block) {
  const __m256i nibble = _mm256_set1_epi8(15);
  for (int pair = 0; pair < PAIRS; pair++) {
    for (int eight = 0; eight < FOURS / 2; eight++) {
      const __m256 a = _mm256_loadu_ps((const float *)block->values[pair][eight][0]);
      const __m256 b = _mm256_loadu_ps((const float *)block->values[pair][eight][1]);
      const __m256i fours[2] = {
          _mm256_permute4x64_epi64(_mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88)), 0xD8),
          _mm256_permute4x64_epi64(_mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xDD)), 0xD8),
      };
      for (int i = 0; i < 2; i++) {
        panel->values[pair][0][eight * 2 + i][group] = _mm256_and_si256(fours[i], nibble);
        panel->values[pair][1][eight * 2 + i][group] = _mm256_and_si256(_mm256_srli_epi16(fours[i], 4), nibble);
      }
    }
    const __m128i first = scales_and_mins(block->scales[pair][0]), second = scales_and_mins(block->scales[pair][1]);
    panel->scales[pair][0][group] = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(first, first));
    panel->scales[pair][1][group] = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(second, second));
    panel->mins[pair][group] = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(first, second));
  }
  panel->scale[group] = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)block->scale));
  panel->min_scale[group] = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)block->min_scale));
}

/**
 * Sums of the products of a sub-block in 16 bits, two for each row: sixteen products of at most 15 · 127 fit. A loop that
 * stays one: unfolded, its sums were pushed out of the registers.
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

/** One superblock. `groups` is known where this is inlined. */
INLINE void multiply(const int groups, const struct panel *panel, const struct q8_K_x4 *tokens, struct quad *quad) {
  __m256 scales[GROUPS][TOKENS], min_scales[GROUPS][TOKENS];
  for (int j = 0; j < TOKENS; j++)
    for (int g = 0; g < groups; g++) {
      scales[g][j] = _mm256_mul_ps(panel->scale[g], _mm256_broadcast_ss(tokens->scale + j));
      min_scales[g][j] = _mm256_mul_ps(panel->min_scale[g], _mm256_broadcast_ss(tokens->scale + j));
    }
  for (int pair = 0; pair < PAIRS; pair++) {
    __m256i first[GROUPS][TOKENS], second[GROUPS][TOKENS];
    add_up(groups, panel->values[pair][0], tokens->values[pair][0], first);
#pragma GCC unroll 4
    for (int j = 0; j < TOKENS; j++)
#pragma GCC unroll 2
      for (int g = 0; g < groups; g++) first[g][j] = _mm256_madd_epi16(first[g][j], panel->scales[pair][0][g]);
    add_up(groups, panel->values[pair][1], tokens->values[pair][1], second);
    const __m128i some = _mm_loadu_si128((const __m128i *)tokens->sums[pair][0]);
    const __m128i more = _mm_loadu_si128((const __m128i *)tokens->sums[pair][2]);
    _Alignas(16) int32_t of_tokens[TOKENS]; /* two sums of 32 values each */
    _mm_store_si128((__m128i *)of_tokens, _mm_hadd_epi16(some, more));
#pragma GCC unroll 4
    for (int j = 0; j < TOKENS; j++) {
      const __m256i of_token = _mm256_set1_epi32(of_tokens[j]);
#pragma GCC unroll 2
      for (int g = 0; g < groups; g++) {
        const __m256i last = _mm256_madd_epi16(second[g][j], panel->scales[pair][1][g]);
        const __m256 sum = _mm256_cvtepi32_ps(_mm256_add_epi32(first[g][j], last));
        quad->sums[g][j] = _mm256_fmadd_ps(sum, scales[g][j], quad->sums[g][j]);
        const __m256 min = _mm256_cvtepi32_ps(_mm256_madd_epi16(of_token, panel->mins[pair][g]));
        quad->mins[g][j] = _mm256_fmadd_ps(min, min_scales[g][j], quad->mins[g][j]);
      }
    }
  }
}

static TARGET void multiply_panel(int groups, const struct panel *panel, const struct q8_K_x4 *tokens, int64_t count,
                                  struct quad *quad) {
  for (int64_t l = 0; l < count; l++) {
    if (groups == GROUPS) multiply(GROUPS, panel + l, tokens + l, quad);
    else multiply(1, panel + l, tokens + l, quad);
  }
}

static TARGET void store(int groups, const struct quad *quad, float *c, int64_t ldc) {
  for (int j = 0; j < TOKENS; j++)
    for (int g = 0; g < groups; g++)
      _mm256_storeu_ps(c + j * ldc + g * ROWS, _mm256_sub_ps(quad->sums[g][j], quad->mins[g][j]));
}

/** Some tokens, four by four, with one or two groups of rows. */
static TARGET void multiply_groups(int groups, const struct q4_K_x8 *weights, const struct q8_K_x4 *tokens,
                                   int64_t quads, int64_t superblocks, float *c, int64_t ldc) {
  struct panel panel[PANEL_SUPERBLOCKS];
  struct quad quad[MOST_QUADS];
  memset(quad, 0, quads * sizeof *quad);
  for (int64_t from = 0; from < superblocks; from += PANEL_SUPERBLOCKS) {
    const int64_t count = superblocks - from < PANEL_SUPERBLOCKS ? superblocks - from : PANEL_SUPERBLOCKS;
    for (int64_t l = 0; l < count; l++)
      for (int g = 0; g < groups; g++) unfold(panel + l, g, weights + g * superblocks + from + l);
    for (int64_t q = 0; q < quads; q++) multiply_panel(groups, panel, tokens + q * superblocks + from, count, quad + q);
  }
  for (int64_t q = 0; q < quads; q++) store(groups, quad + q, c + q * TOKENS * ldc, ldc);
}

void multiply_q4_K_x8(int64_t k, float *c, int64_t ldc, const void *weights, const void *tokens, int64_t n, int64_t m) {
  const int64_t superblocks = k / SUPERBLOCK, groups = m / ROWS, quads = n / TOKENS;
  int64_t step = AT_HAND / (superblocks * (int64_t)sizeof(struct q8_K_x4));
  if (step > MOST_QUADS) step = MOST_QUADS;
  if (step < 4) step = 4;
  for (int64_t quad = 0; quad < quads; quad += step) {
    const int64_t some = quads - quad < step ? quads - quad : step;
    const struct q8_K_x4 *const b = (const struct q8_K_x4 *)tokens + quad * superblocks;
    for (int64_t group = 0; group < groups; group += GROUPS)
      multiply_groups(groups - group < GROUPS ? 1 : GROUPS, (const struct q4_K_x8 *)weights + group * superblocks, b, some,
                      superblocks, c + quad * TOKENS * ldc + group * ROWS, ldc);
  }
}
