/*
 * q4_0 weights that llama.cpp has repacked, with tokens that it rounded to q8_0: in place of its
 * `ggml_gemm_q4_0_8x8_q8_0`, to the bit as `ggml_gemv_q4_0_8x8_q8_0`, and by the plan of repacked-q4-k.c. Values are
 * multiplied as 8 more than they are, and eight times the sum of the token's is taken off again.
 */
#include "repacked.h"

enum { PANEL_BLOCKS = 32 };

/* @source llama.cpp v0.5.0 ggml-cpu/repack.h block_q4_0x8, block_q8_0x4 */
struct q4_0_x8 {
  uint16_t scale[ROWS];              /* f16 */
  uint8_t values[FOURS / 4][2][32]; /* eight values of four rows, and of the other four; those sixteen later in the upper four bits */
};
struct q8_0_x4 {
  uint16_t scale[TOKENS];
  int8_t values[FOURS / 2][TOKENS][2][4];
};
_Static_assert(sizeof(struct q4_0_x8) == 144 && sizeof(struct q8_0_x4) == 136, "without gaps");

struct panel {
  __m256i values[FOURS][GROUPS];
  __m256 scale[GROUPS];
};
_Static_assert(PANEL_BLOCKS * sizeof(struct panel) <= MOST_OF_PANEL, "a panel fits");

/** Of four tokens and sixteen rows, between one panel and the next. */
struct quad {
  __m256 sums[GROUPS][TOKENS];
};

static TARGET void unfold(void *to, int group, const void *weights) {
  struct panel *const panel = to;
  const struct q4_0_x8 *const block = weights;
  const __m256i nibble = _mm256_set1_epi8(15), eight = _mm256_set1_epi8(8);
  for (int half = 0; half < 2; half++) {
    __m256i fours[2];
    unfold_eight(block->values[half], fours);
    for (int i = 0; i < 2; i++) {
      const __m256i upper = _mm256_srli_epi16(fours[i], 4);
      panel->values[half * 2 + i][group] = _mm256_xor_si256(_mm256_and_si256(fours[i], nibble), eight);
      panel->values[4 + half * 2 + i][group] = _mm256_xor_si256(_mm256_and_si256(upper, nibble), eight);
    }
  }
  panel->scale[group] = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)block->scale));
}

/** Eight times the sum of each token's values. */
INLINE void add_up_eights(const struct q8_0_x4 *tokens, int32_t eights[TOKENS]) {
  __m256i sums = _mm256_setzero_si256();
#pragma GCC unroll 4
  for (int eight = 0; eight < FOURS / 2; eight++) {
    const __m256i values = _mm256_loadu_si256((const __m256i *)tokens->values[eight]);
    sums = _mm256_add_epi16(sums, _mm256_maddubs_epi16(_mm256_set1_epi8(8), values));
  }
  const __m256i halves = _mm256_madd_epi16(sums, _mm256_set1_epi16(1)); /* two of each token */
  const __m128i both = _mm_hadd_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
  _mm_storeu_si128((__m128i *)eights, both);
}

/** `groups` is known where this is inlined. */
INLINE void multiply(const int groups, const struct panel *panel, const struct q8_0_x4 *tokens, struct quad *quad) {
  int32_t eights[TOKENS];
  add_up_eights(tokens, eights);
  __m256i sums[GROUPS][TOKENS];
  add_up(groups, panel->values, tokens->values, sums);
#pragma GCC unroll 4
  for (int j = 0; j < TOKENS; j++) {
    const __m256 scale = _mm256_set1_ps(_cvtsh_ss(tokens->scale[j]));
#pragma GCC unroll 2
    for (int g = 0; g < groups; g++) {
      const __m256i products = _mm256_madd_epi16(sums[g][j], _mm256_set1_epi16(1));
      const __m256 sum = _mm256_cvtepi32_ps(_mm256_sub_epi32(products, _mm256_set1_epi32(eights[j])));
      quad->sums[g][j] = _mm256_fmadd_ps(sum, _mm256_mul_ps(panel->scale[g], scale), quad->sums[g][j]);
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
    for (int g = 0; g < groups; g++) _mm256_storeu_ps(c + j * ldc + g * ROWS, from->sums[g][j]);
}

const struct repacked repacked_q4_0 = {
    .values = BLOCK,
    .panel_blocks = PANEL_BLOCKS,
    .weight_bytes = sizeof(struct q4_0_x8),
    .token_bytes = sizeof(struct q8_0_x4),
    .panel_bytes = sizeof(struct panel),
    .quad_bytes = sizeof(struct quad),
    .unfold = unfold,
    .multiply = {multiply_one, multiply_two},
    .store = store,
};
