/*
 * q5_K and q6_K weights with tokens that llama.cpp rounded to q8_K. As in blocks.c, every sum is made of the same terms
 * in the same order as in llama.cpp's product of one row and one token (`ggml_vec_dot_q6_K_q8_K`), and four rows meet
 * three tokens at a time. llama.cpp has no product of many tokens for these weights: it unfolds each row for each token.
 */
#include "tiles.h"

enum {
  GROUPS = SUPERBLOCK / BLOCK, /* of values that are multiplied at once; one scale each, or two of q6_K */
  SCALES = SUPERBLOCK / 16,
  PANEL_SUPERBLOCKS = 8,
};

/* @source llama.cpp v0.5.0 ggml-common.h block_q5_K, block_q6_K, block_q8_K */
struct q5_K {
  uint16_t scale, min_scale;   /* f16 */
  uint8_t scales[12];          /* of 32 values each, and then mins: six bits each */
  uint8_t high[SUPERBLOCK / 8]; /* the fifth bit of eight values each */
  uint8_t low[SUPERBLOCK / 2]; /* four bits of two values each */
};
struct q6_K {
  uint8_t low[SUPERBLOCK / 2];  /* four bits of two values each */
  uint8_t high[SUPERBLOCK / 4]; /* two bits of four values each */
  int8_t scales[SCALES];
  uint16_t scale; /* f16 */
};
struct q8_K {
  float scale;
  int8_t values[SUPERBLOCK];
  int16_t sums[SCALES]; /* of sixteen values each */
};
_Static_assert(sizeof(struct q5_K) == 176 && sizeof(struct q6_K) == 210 && sizeof(struct q8_K) == 292, "without gaps");

struct panel {
  __m256i groups[GROUPS][BLOCK_ROWS]; /* bytes; of q6_K, 32 more than the values are */
  __m256i group_scales[GROUPS][BLOCK_ROWS];
  __m256i others[BLOCK_ROWS]; /* of q6_K all scales once more, of q5_K eight mins */
  _Alignas(32) float scale[BLOCK_ROWS], min_scale[BLOCK_ROWS];
};
struct tile {
  __m256i groups[GROUPS][BLOCK_TOKENS], sums[BLOCK_TOKENS];
  _Alignas(32) float scale[BLOCK_TOKENS];
};

_Static_assert(PANEL_SUPERBLOCKS * sizeof(struct panel) <= MOST_OF_PANEL, "a panel fits");
_Static_assert(MOST_COLUMNS / SUPERBLOCK * sizeof(struct tile) <= MOST_OF_TILES, "a tile fits");

static TARGET void lay_out(void *tile, int token, const char *from, int64_t blocks) {
  const struct q8_K *const block = (const struct q8_K *)from;
  struct tile *const to = tile;
  for (int64_t l = 0; l < blocks; l++) {
    for (int g = 0; g < GROUPS; g++)
      to[l].groups[g][token] = _mm256_loadu_si256((const __m256i *)(block[l].values + g * BLOCK));
    to[l].sums[token] = _mm256_loadu_si256((const __m256i *)block[l].sums);
    to[l].scale[token] = block[l].scale;
  }
}

/** Values and scales of half a superblock, 128 values: `half` is 0 or 1. */
INLINE void unfold_half(struct panel *to, int row, const struct q6_K *block, int half) {
  const __m256i nibble = _mm256_set1_epi8(15), pair = _mm256_set1_epi8(0x30);
  const __m256i low[2] = {_mm256_loadu_si256((const __m256i *)(block->low + half * 64)),
                          _mm256_loadu_si256((const __m256i *)(block->low + half * 64 + 32))};
  const __m256i high = _mm256_loadu_si256((const __m256i *)(block->high + half * 32));
  const __m256i upper[4] = {_mm256_slli_epi16(high, 4), _mm256_slli_epi16(high, 2), high, _mm256_srli_epi16(high, 2)};
  const __m128i scales = _mm_loadu_si128((const __m128i *)block->scales);
#pragma GCC unroll 4
  for (int g = 0; g < 4; g++) {
    const __m256i four = g < 2 ? low[g % 2] : _mm256_srli_epi16(low[g % 2], 4);
    const int group = half * 4 + g;
    to->groups[group][row] = _mm256_or_si256(_mm256_and_si256(four, nibble), _mm256_and_si256(upper[g], pair));
    const int64_t first = 0x0101010101010101 * (group * 2), second = 0x0101010101010101 * (group * 2 + 1);
    to->group_scales[group][row] = _mm256_cvtepi8_epi16(_mm_shuffle_epi8(scales, _mm_set_epi64x(second, first)));
  }
}

static TARGET void unfold_q6_K(void *panel, int row, const char *from, int64_t first_block, int64_t blocks) {
  static const struct q6_K nothing;
  struct panel *const to = panel;
  for (int64_t l = 0; l < blocks; l++) {
    const struct q6_K *const block = from == NULL ? &nothing : (const struct q6_K *)from + first_block + l;
    unfold_half(to + l, row, block, 0);
    unfold_half(to + l, row, block, 1);
    to[l].others[row] = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)block->scales));
    to[l].scale[row] = _cvtsh_ss(block->scale);
  }
}

static TARGET void unfold_q5_K(void *panel, int row, const char *from, int64_t first_block, int64_t blocks) {
  static const struct q5_K nothing;
  struct panel *const to = panel;
  for (int64_t l = 0; l < blocks; l++) {
    const struct q5_K *const block = from == NULL ? &nothing : (const struct q5_K *)from + first_block + l;
    const __m128i scales = scales_and_mins(block->scales);
    const __m256i high = _mm256_loadu_si256((const __m256i *)block->high);
#pragma GCC unroll 8
    for (int g = 0; g < GROUPS; g++) {
      const __m256i both = _mm256_loadu_si256((const __m256i *)(block->low + g / 2 * BLOCK));
      const __m256i four = _mm256_and_si256(g % 2 ? _mm256_srli_epi16(both, 4) : both, _mm256_set1_epi8(15));
      const __m256i fifth = _mm256_and_si256(_mm256_srli_epi16(high, g), _mm256_set1_epi8(1));
      to[l].groups[g][row] = _mm256_or_si256(four, _mm256_slli_epi16(fifth, 4));
      const __m128i of_group = _mm_shuffle_epi8(scales, _mm_set1_epi8((char)g));
      to[l].group_scales[g][row] = _mm256_cvtepu8_epi16(of_group);
    }
    to[l].others[row] = _mm256_cvtepu8_epi16(_mm_srli_si128(scales, 8));
    to[l].scale[row] = _cvtsh_ss(block->scale);
    to[l].min_scale[row] = _cvtsh_ss(block->min_scale);
  }
}

/** The mins of four rows, times the sums of a token's values. */
INLINE __m128 add_mins(const struct panel *panel, const struct tile *tile, int token, __m128 to) {
  const __m256i sixteens = tile->sums[token];
  const __m128i sums = _mm_hadd_epi16(_mm256_castsi256_si128(sixteens), _mm256_extracti128_si256(sixteens, 1));
  __m128i products[BLOCK_ROWS];
#pragma GCC unroll 4
  for (int i = 0; i < BLOCK_ROWS; i++) products[i] = _mm_madd_epi16(_mm256_castsi256_si128(panel->others[i]), sums);
  const __m128i all = _mm_hadd_epi32(_mm_hadd_epi32(products[0], products[1]), _mm_hadd_epi32(products[2], products[3]));
  const __m128 scale = _mm_mul_ps(_mm_set1_ps(-tile->scale[token]), _mm_load_ps(panel->min_scale));
  return _mm_fmadd_ps(scale, _mm_cvtepi32_ps(all), to);
}

/** `tokens` and `type` are known where this is inlined, so that a superblock's sums stay in registers. */
INLINE void multiply(const struct step *step, int64_t at, const int tokens, const int type) {
  const bool has_mins = type == GGML_TYPE_Q5_K;
  const struct panel *panel = step->panel;
  const struct tile *tile = (const struct tile *)step->tiles + at * step->stride;
  struct sums all = begin_tile(step, at, tokens, has_mins);
  for (int64_t l = 0; l < step->blocks; l++, panel++, tile++) {
    __m256i sums[BLOCK_TOKENS][BLOCK_ROWS];
#pragma GCC unroll 3
    for (int j = 0; j < tokens; j++)
#pragma GCC unroll 4
      for (int i = 0; i < BLOCK_ROWS; i++) sums[j][i] = _mm256_setzero_si256();
    for (int g = 0; g < GROUPS; g++) {
#pragma GCC unroll 4
      for (int i = 0; i < BLOCK_ROWS; i++) {
        const __m256i row = panel->groups[g][i];
#pragma GCC unroll 3
        for (int j = 0; j < tokens; j++) {
          const __m256i pairs = _mm256_maddubs_epi16(row, tile->groups[g][j]);
          sums[j][i] = _mm256_add_epi32(sums[j][i], _mm256_madd_epi16(pairs, panel->group_scales[g][i]));
        }
      }
    }
#pragma GCC unroll 3
    for (int j = 0; j < tokens; j++) {
      if (has_mins) all.last[j] = add_mins(panel, tile, j, all.last[j]);
#pragma GCC unroll 4
      for (int i = 0; i < BLOCK_ROWS; i++) {
        const __m256i more = _mm256_slli_epi32(_mm256_madd_epi16(tile->sums[j], panel->others[i]), 5);
        const __m256i parts = has_mins ? sums[j][i] : _mm256_sub_epi32(sums[j][i], more);
        const __m256 scale = _mm256_set1_ps(tile->scale[j] * panel->scale[i]);
        all.of[j][i] = _mm256_fmadd_ps(scale, _mm256_cvtepi32_ps(parts), all.of[j][i]);
      }
    }
  }
  end_tile(step, at, tokens, &all, has_mins);
}

INLINE void multiply_tiles_of(const struct step *step, const int type) {
  const int64_t tiles = step->tokens / BLOCK_TOKENS;
  for (int64_t at = 0; at < tiles; at++) multiply(step, at, BLOCK_TOKENS, type);
  if (step->tokens % BLOCK_TOKENS == 2) multiply(step, tiles, 2, type);
  if (step->tokens % BLOCK_TOKENS == 1) multiply(step, tiles, 1, type);
}

static TARGET void multiply_q5_K(const struct step *step) { multiply_tiles_of(step, GGML_TYPE_Q5_K); }

static TARGET void multiply_q6_K(const struct step *step) { multiply_tiles_of(step, GGML_TYPE_Q6_K); }

void multiply_superblocks(const struct product *product, struct part part) {
  const bool is_q5_K = product->weights.type == GGML_TYPE_Q5_K;
  const struct format format = {
      .tile_bytes = sizeof(struct tile),
      .values = SUPERBLOCK,
      .panel_blocks = PANEL_SUPERBLOCKS,
      .lay_out = lay_out,
      .unfold = is_q5_K ? unfold_q5_K : unfold_q6_K,
      .multiply = is_q5_K ? multiply_q5_K : multiply_q6_K,
  };
  multiply_tiles(product, part, &format);
}
