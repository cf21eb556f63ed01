/* The way through a product of repacked weights: some tokens meet all rows, panel by panel, before the next ones do. */
#include "repacked.h"

enum {
  AT_HAND = 320 * 1024, /* bytes of tokens: with a panel they stay in the second cache */
  FEWEST_QUADS = 4,     /* of tokens for which a panel is unfolded */
  MOST_OF_SUMS = 32 * 1024,
};

struct quads {
  const char *tokens;
  int64_t count, blocks; /* blocks of a token and a row */
};

/** Some tokens, four by four, with one or two groups of rows. */
static void multiply_groups(const struct repacked *type, int groups, const char *weights, struct quads quads, float *c,
                            int64_t ldc) {
  _Alignas(32) char panel[MOST_OF_PANEL], sums[MOST_OF_SUMS];
  memset(sums, 0, quads.count * type->quad_bytes);
  for (int64_t from = 0; from < quads.blocks; from += type->panel_blocks) {
    const int64_t count = quads.blocks - from < type->panel_blocks ? quads.blocks - from : type->panel_blocks;
    for (int64_t l = 0; l < count; l++)
      for (int g = 0; g < groups; g++)
        type->unfold(panel + l * type->panel_bytes, g, weights + (g * quads.blocks + from + l) * type->weight_bytes);
    const char *tokens = quads.tokens + from * type->token_bytes;
    for (int64_t q = 0; q < quads.count; q++, tokens += quads.blocks * type->token_bytes)
      for (int64_t l = 0; l < count; l++)
        type->multiply[groups - 1](panel + l * type->panel_bytes, tokens + l * type->token_bytes,
                                   sums + q * type->quad_bytes);
  }
  for (int64_t q = 0; q < quads.count; q++)
    type->store(groups, sums + q * type->quad_bytes, c + q * TOKENS * ldc, ldc);
}

void multiply_repacked(const struct repacked *type, int64_t k, float *c, int64_t ldc, const void *weights,
                       const void *tokens, int64_t n, int64_t m) {
  const int64_t blocks = k / type->values, groups = m / ROWS, all = n / TOKENS;
  const int64_t most = MOST_OF_SUMS / type->quad_bytes, fit = AT_HAND / (blocks * type->token_bytes);
  const int64_t step = fit < FEWEST_QUADS ? FEWEST_QUADS : fit < most ? fit : most;
  for (int64_t quad = 0; quad < all; quad += step) {
    const char *const first = (const char *)tokens + quad * blocks * type->token_bytes;
    const struct quads quads = {first, all - quad < step ? all - quad : step, blocks};
    for (int64_t group = 0; group < groups; group += GROUPS)
      multiply_groups(type, groups - group < GROUPS ? 1 : GROUPS,
                      (const char *)weights + group * blocks * type->weight_bytes, quads,
                      c + quad * TOKENS * ldc + group * ROWS, ldc);
  }
}
