/* Attention: what some queries make of the keys and values in a cache. */
#pragma once
#include "floats.h"

enum {
  QUERY_ROWS = 48, /* of queries that meet keys and values together */
  CHUNK = 128,     /* cells whose shares of an answer are summed before they are merged with those before */
  VALUE_CELLS = 32 /* whose values are unfolded together: they stay in the first cache */
};

/** One tensor of f16 or f32: bytes from one row, head and stream to the next. */
struct view {
  const char *data;
  size_t row, head, stream;
};

struct attention {
  struct view queries, keys, values, mask; /* `mask.data` may be NULL; it is the same for all heads */
  int64_t key_length, value_length;        /* of one head */
  int64_t cells, tokens, heads, key_heads, streams, streams_per_key_stream, mask_streams;
  float scale, softcap;
  float max_bias, slope_base, slope_base_beyond; /* of ALiBi, for heads before `slopes` and those beyond */
  int64_t slopes;
  const float *sinks; /* one per head, or NULL */
  float *out;         /* [stream][token][head][value_length] */
};

/** Rows of one stream and one head of keys: row i is token i / n and the i % n-th of its n heads. */
struct query_rows {
  int64_t stream, key_head, first, count;
};

/** What rows have summed so far: the largest score, the sum of weights and that of weighted values of each. */
struct sums {
  float *largest, *weight, *values; /* `values` rows have `padded(value_length)` floats */
};

/** Where one thread keeps its work; see `scratch_floats`. */
struct scratch {
  float *queries, *panel, *weights, *unfolded;
  struct sums chunk, total;
};

/** Rows of values end where a panel does. */
static inline int64_t padded(int64_t length) { return (length + FLOAT_ROWS - 1) / FLOAT_ROWS * FLOAT_ROWS; }

/** How many floats a thread needs for rows of such an attention, a multiple of 16. */
int64_t scratch_floats(const struct attention *attention);
/** @param floats  at a multiple of 64 bytes */
struct scratch divide_scratch(const struct attention *attention, float *floats);

/** Sums of no cells. */
void clear_sums(const struct attention *attention, struct sums sums, int64_t rows);
void load_queries(const struct attention *attention, struct query_rows rows, float *queries);
/** What the rows make of the cells from `chunk` * CHUNK on, CHUNK of them at most, into `scratch->chunk`. */
void attend_to_chunk(const struct attention *attention, struct query_rows rows, int64_t chunk, const struct scratch *scratch);
/** Adds sums of later cells, one row or several. Always in the order of the cells: the bits depend on it. */
void merge_sums(const struct attention *attention, struct sums total, struct sums more, int64_t rows);
void write_answers(const struct attention *attention, struct query_rows rows, struct sums total);
