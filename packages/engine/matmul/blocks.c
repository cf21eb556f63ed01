/*
 * q5_0 and q8_0 weights with tokens that llama.cpp rounded to q8_0. Every sum is made of the same terms in the same
 * order as in llama.cpp's product of one row and one token (`ggml_vec_dot_q8_0_q8_0`): results are the same to the bit,
 * and a prompt that is read leaves what decoding it token by token would have left.
 *
 * Four rows meet three tokens at a time: twelve vectors of sums stay in registers.
 */
#include "tiles.h"

/* @source llama.cpp v0.5.0 ggml-common.h block_q5_0, block_q8_0 */
struct q5_0 {
  uint16_t scale;  /* f16 */
  uint8_t high[4]; /* the fifth bit of each value */
  uint8_t low[16]; /* four bits of two values each: of one of the first sixteen, and of one of the others */
};
struct q8_0 {
  uint16_t scale;
  int8_t values[BLOCK];
};
_Static_assert(sizeof(struct q5_0) == 22 && sizeof(struct q8_0) == 34, "without gaps");

/** The values of a block as 16 bits: the first and third of four in one vector, the second and fourth in the other. */
struct halves {
  __m256i even, odd;
};
struct panel {
  struct halves rows[BLOCK_ROWS];
  _Alignas(32) float scales[BLOCK_ROWS];
};
struct tile {
  struct halves tokens[BLOCK_TOKENS];
  _Alignas(32) float scales[BLOCK_TOKENS];
};
enum { PANEL_BLOCKS = 48 };
_Static_assert(PANEL_BLOCKS * sizeof(struct panel) <= MOST_OF_PANEL, "a panel fits");
_Static_assert(MOST_COLUMNS / BLOCK * sizeof(struct tile) <= MOST_OF_TILES, "a tile fits");

INLINE __m256i values_of_q5_0(const struct q5_0 *block) {
  const __m128i low = _mm_loadu_si128((const __m128i *)block->low);
  const __m256i nibbles = _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(low, 4), low), _mm256_set1_epi8(15));
  int32_t high;
  memcpy(&high, block->high, sizeof high);
  const __m256i byte_of = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i all_but_bit = _mm256_set1_epi64x(0x7fbfdfeff7fbfdfe);
  const __m256i bits = _mm256_or_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(high), byte_of), all_but_bit);
  /* A value is sixteen less than its five bits say: its upper bits are all set where the fifth is not. */
  const __m256i fifth = _mm256_cmpeq_epi8(bits, _mm256_set1_epi8(-1));
  return _mm256_or_si256(nibbles, _mm256_andnot_si256(fifth, _mm256_set1_epi8(-16)));
}

INLINE struct halves halves_of(__m256i values) {
  return (struct halves){_mm256_srai_epi16(_mm256_slli_epi16(values, 8), 8), _mm256_srai_epi16(values, 8)};
}

static TARGET void lay_out(void *tile, int token, const char *from, int64_t blocks) {
  const struct q8_0 *const block = (const struct q8_0 *)from;
  struct tile *const to = tile;
  for (int64_t l = 0; l < blocks; l++) {
    to[l].tokens[token] = halves_of(_mm256_loadu_si256((const __m256i *)block[l].values));
    to[l].scales[token] = _cvtsh_ss(block[l].scale);
  }
}

static TARGET void unfold_q5_0(void *panel, int row, const char *from, int64_t first_block, int64_t blocks) {
  const struct q5_0 *const block = (const struct q5_0 *)from + first_block;
  struct panel *const to = panel;
  for (int64_t l = 0; l < blocks; l++) {
    to[l].rows[row] = from == NULL ? (struct halves){0} : halves_of(values_of_q5_0(block + l));
    to[l].scales[row] = from == NULL ? 0 : _cvtsh_ss(block[l].scale);
  }
}

static TARGET void unfold_q8_0(void *panel, int row, const char *from, int64_t first_block, int64_t blocks) {
  const struct q8_0 *const block = (const struct q8_0 *)from + first_block;
  struct panel *const to = panel;
  for (int64_t l = 0; l < blocks; l++) {
    to[l].rows[row] =
        from == NULL ? (struct halves){0} : halves_of(_mm256_loadu_si256((const __m256i *)block[l].values));
    to[l].scales[row] = from == NULL ? 0 : _cvtsh_ss(block[l].scale);
  }
}

/** `tokens` is known where this is inlined, so that the sums stay in registers. */
INLINE void multiply(const struct step *step, int64_t at, const int tokens) {
  const struct panel *const panel = step->panel;
  const struct tile *const tile = (const struct tile *)step->tiles + at * step->stride;
  /* Products of the scales of rows and tokens, made beforehand: what was just written is slow to read back one by one. */
  _Alignas(32) float scales[PANEL_BLOCKS][BLOCK_TOKENS][BLOCK_ROWS];
  for (int64_t l = 0; l < step->blocks; l++) {
#pragma GCC unroll 3
    for (int j = 0; j < tokens; j++)
      _mm_store_ps(scales[l][j], _mm_mul_ps(_mm_load_ps(panel[l].scales), _mm_broadcast_ss(tile[l].scales + j)));
  }
  struct sums sums = begin_tile(step, at, tokens, false);
  for (int64_t l = 0; l < step->blocks; l++) {
#pragma GCC unroll 4
    for (int i = 0; i < BLOCK_ROWS; i++) {
      const struct halves row = panel[l].rows[i];
#pragma GCC unroll 3
      for (int j = 0; j < tokens; j++) {
        const __m256i even = _mm256_madd_epi16(row.even, tile[l].tokens[j].even);
        const __m256i odd = _mm256_madd_epi16(row.odd, tile[l].tokens[j].odd);
        const __m256 fours = _mm256_cvtepi32_ps(_mm256_add_epi32(even, odd));
        sums.of[j][i] = _mm256_fmadd_ps(_mm256_broadcast_ss(&scales[l][j][i]), fours, sums.of[j][i]);
      }
    }
  }
  end_tile(step, at, tokens, &sums, false);
}

static TARGET void multiply_step(const struct step *step) {
  const int64_t tiles = step->tokens / BLOCK_TOKENS;
  for (int64_t at = 0; at < tiles; at++) multiply(step, at, BLOCK_TOKENS);
  if (step->tokens % BLOCK_TOKENS == 2) multiply(step, tiles, 2);
  if (step->tokens % BLOCK_TOKENS == 1) multiply(step, tiles, 1);
}

void multiply_blocks(const struct product *product, struct part part) {
  const struct format format = {
      .tile_bytes = sizeof(struct tile),
      .values = BLOCK,
      .panel_blocks = PANEL_BLOCKS,
      .lay_out = lay_out,
      .unfold = product->weights.type == GGML_TYPE_Q5_0 ? unfold_q5_0 : unfold_q8_0,
      .multiply = multiply_step,
  };
  multiply_tiles(product, part, &format);
}
