/*
 * q4_K weights that llama.cpp has repacked, eight rows side by side, with tokens that it rounded to q8_K, four side by
 * side. This takes the place of its `ggml_gemm_q4_K_8x8_q8_K`. Sums are to the bit those of `ggml_gemv_q4_K_8x8_q8_K`, by
 * which single tokens are decoded, and not those of the function that it replaces: that one rounds four times as often.
 *
 * Sixteen rows meet four tokens at a time. Products of four bits and eight add up in 16 bits for a whole sub-block of 32
 * values, with one row in each lane: two instructions for 32 products. llama.cpp's own arranges the operands anew for
 * every four tokens, and has more of them at hand than there are registers.
 */
#include "repacked.h"

enum {
  PAIRS = 4, /* of sub-blocks, in a superblock */
  PANEL_SUPERBLOCKS = 4,
};

/* @source llama.cpp v0.5.0 ggml-cpu/repack.h block_q4_Kx8, block_q8_Kx4 */
struct q4_K_x8 {
  uint16_t scale[ROWS], min_scale[ROWS]; /* f16 */
  uint8_t scales[PAIRS][2][12];          /* of a sub-block: a scale and a min of each row, six bits each */
  uint8_t values[PAIRS][FOURS / 2][2][32]; /* eight values of four rows, and of the other four; the pair's second in the upper four bits */
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

static TARGET void unfold(void *to, int group, const void *weights) {
  struct panel *const panel = to;
  const struct q4_K_x8 *const block = weights;
  const __m256i nibble = _mm256_set1_epi8(15);
  for (int pair = 0; pair < PAIRS; pair++) {
    for (int eight = 0; eight < FOURS / 2; eight++) {
      __m256i fours[2];
      unfold_eight(block->values[pair][eight], fours);
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

/** One superblock. `groups` is known where this is inlined. */
INLINE void multiply(const int groups, const struct panel *panel, const struct q8_K_x4 *tokens, struct quad *quad) {
  __m256i sums[GROUPS][TOKENS], mins[GROUPS][TOKENS];
  for (int g = 0; g < groups; g++)
    for (int j = 0; j < TOKENS; j++) sums[g][j] = mins[g][j] = _mm256_setzero_si256();
  for (int pair = 0; pair < PAIRS; pair++) {
    for (int half = 0; half < 2; half++) {
      __m256i some[GROUPS][TOKENS];
      add_up(groups, panel->values[pair][half], tokens->values[pair][half], some);
#pragma GCC unroll 4
      for (int j = 0; j < TOKENS; j++)
#pragma GCC unroll 2
        for (int g = 0; g < groups; g++)
          sums[g][j] = _mm256_add_epi32(sums[g][j], _mm256_madd_epi16(some[g][j], panel->scales[pair][half][g]));
    }
    const __m128i two = _mm_loadu_si128((const __m128i *)tokens->sums[pair][0]);
    const __m128i others = _mm_loadu_si128((const __m128i *)tokens->sums[pair][2]);
    _Alignas(16) int32_t of_tokens[TOKENS]; /* two sums of 32 values each */
    _mm_store_si128((__m128i *)of_tokens, _mm_hadd_epi16(two, others));
    for (int j = 0; j < TOKENS; j++) {
      const __m256i of_token = _mm256_set1_epi32(of_tokens[j]);
      for (int g = 0; g < groups; g++)
        mins[g][j] = _mm256_add_epi32(mins[g][j], _mm256_madd_epi16(of_token, panel->mins[pair][g]));
    }
  }
  for (int j = 0; j < TOKENS; j++) {
    const __m256 scale = _mm256_broadcast_ss(tokens->scale + j);
    for (int g = 0; g < groups; g++) {
      const __m256 sum = _mm256_cvtepi32_ps(sums[g][j]), min = _mm256_cvtepi32_ps(mins[g][j]);
      quad->sums[g][j] = _mm256_fmadd_ps(sum, _mm256_mul_ps(panel->scale[g], scale), quad->sums[g][j]);
      quad->mins[g][j] = _mm256_fmadd_ps(min, _mm256_mul_ps(panel->min_scale[g], scale), quad->mins[g][j]);
    }
  }
}

static TARGET void multiply_one(const void *panel, const void *tokens, void *quad) {
  multiply(1, panel, tokens, quad);
}

static TARGET void multiply_two(const void *panel, const void *tokens, void *quad) {
  multiply(GROUPS, panel, tokens, quad);
}

static TARGET void store(int groups, const void *quad, float *c, int64_t ldc) {
  const struct quad *const from = quad;
  for (int j = 0; j < TOKENS; j++)
    for (int g = 0; g < groups; g++)
      _mm256_storeu_ps(c + j * ldc + g * ROWS, _mm256_sub_ps(from->sums[g][j], from->mins[g][j]));
}

const struct repacked repacked_q4_K = {
    .values = SUPERBLOCK,
    .panel_blocks = PANEL_SUPERBLOCKS,
    .weight_bytes = sizeof(struct q4_K_x8),
    .token_bytes = sizeof(struct q8_K_x4),
    .panel_bytes = sizeof(struct panel),
    .quad_bytes = sizeof(struct quad),
    .unfold = unfold,
    .multiply = {multiply_one, multiply_two},
    .store = store,
};
