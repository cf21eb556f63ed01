/*
 * The way through a product of weights that come in blocks: some tokens are laid out, and meet all rows before the next
 * ones do. Rows are unfolded four at a time, panel by panel, each panel once for all tokens at hand.
 *
 * The eight parts of a sum are kept until its last panel, so that it is added up in llama.cpp's order.
 */
#include "tiles.h"

enum {
  MOST_TILES = 128,
};

void multiply_tiles(const struct product *product, struct part part, const struct format *format) {
  _Alignas(32) char at_hand[MOST_OF_TILES], panel[MOST_OF_PANEL];
  struct sums sums[MOST_TILES];
  const struct rows weights = product->weights, tokens = product->tokens;
  const int64_t blocks = product->k / format->values;
  const size_t tile_bytes = blocks * format->tile_bytes;
  const int64_t most = MOST_OF_TILES / tile_bytes, at_once = (most < MOST_TILES ? most : MOST_TILES) * BLOCK_TOKENS;
  struct step step = {.panel = panel, .stride = blocks, .sums = sums, .ldc = product->ldc};
  for (int64_t token = part.first_token; token < part.end_token; token += at_once) {
    step.tokens = part.end_token - token < at_once ? part.end_token - token : at_once;
    for (int64_t j = 0; j < step.tokens; j++)
      format->lay_out(at_hand + j / BLOCK_TOKENS * tile_bytes, j % BLOCK_TOKENS,
                      tokens.data + (token + j) * tokens.stride, blocks);
    for (int64_t row = part.first_row; row < part.end_row; row += BLOCK_ROWS) {
      step.rows = part.end_row - row;
      step.c = product->c + token * product->ldc + row;
      for (int64_t from = 0; from < blocks; from += format->panel_blocks) {
        step.is_first = from == 0;
        step.is_last = blocks - from <= format->panel_blocks;
        step.blocks = step.is_last ? blocks - from : format->panel_blocks;
        step.tiles = at_hand + from * format->tile_bytes;
        for (int64_t i = 0; i < BLOCK_ROWS; i++)
          format->unfold(panel, i, i < step.rows ? weights.data + (row + i) * weights.stride : NULL, from, step.blocks);
        format->multiply(&step);
      }
    }
  }
}
