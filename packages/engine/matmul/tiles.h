/* What the products of weights in blocks share: four rows at a time, which meet three tokens. */
#pragma once
#include "kernels.h"

enum {
  BLOCK_TOKENS = 3,
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
