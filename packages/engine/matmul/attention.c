/*
 * Takes the place of llama.cpp's flash attention on the processor, for caches of f16.
 *
 * Theirs has three ways to sum: one for prompts, one for a few tokens, and one for a single token with a long past,
 * whose parts depend on the number of threads. Texts for one seed then depend on what else is in a batch. Here there is
 * one, and it is faster. What it does not know goes on to theirs.
 */
#include "attention-rows.h"
#include "theirs.h"
#include <math.h>
#include <stdlib.h>

#ifdef PUNA_LLAMA_HEADERS
_Static_assert(_Generic(&ggml_compute_forward_flash_attn_ext, forward *: 1, default: 0), "as llama.cpp declares it");
#endif

enum {
  UNITS = 2,       /* of work, for each thread at least: with fewer, cells are divided as well */
  ALIGNMENT = 64,  /* bytes; the first so many of the work buffer say where sums of divided cells lie */
  MOST_SHARED = 1024 * 1024 /* floats of such sums; for more, cells are divided some at a time */
};

EXPORT forward ggml_compute_forward_flash_attn_ext;

static struct view view_of(const struct ggml_tensor *tensor) {
  return (struct view){tensor->data, tensor->nb[1], tensor->nb[2], tensor->nb[3]};
}

/** @return false for what the rows are not made for */
static bool describe(const struct ggml_tensor *dst, struct attention *a) {
  const struct ggml_tensor *const q = dst->src[0], *const k = dst->src[1], *const v = dst->src[2], *const mask = dst->src[3];
  const int64_t heads = q->ne[2], streams = q->ne[3];
  if (q->type != GGML_TYPE_F32 || k->type != GGML_TYPE_F16 || v->type != GGML_TYPE_F16 || q->nb[0] != 4 ||
      k->nb[0] != 2 || v->nb[0] != 2 || heads % k->ne[2] != 0 || streams % k->ne[3] != 0 || v->ne[2] != k->ne[2] ||
      v->ne[3] != k->ne[3] || dst->nb[1] != dst->ne[0] * sizeof(float))
    return false;
  if (mask != NULL && (mask->type != GGML_TYPE_F16 || mask->nb[0] != 2 || mask->ne[2] != 1)) return false;
  float scale, max_bias, softcap;
  memcpy(&scale, dst->op_params + 0, sizeof scale);
  memcpy(&max_bias, dst->op_params + 1, sizeof max_bias);
  memcpy(&softcap, dst->op_params + 2, sizeof softcap);
  const int64_t slopes = (int64_t)1 << (int)floor(log2((double)heads));
  *a = (struct attention){
      .queries = view_of(q),
      .keys = view_of(k),
      .values = view_of(v),
      .mask = mask == NULL ? (struct view){0} : view_of(mask),
      .key_length = k->ne[0],
      .value_length = v->ne[0],
      .cells = k->ne[1],
      .tokens = q->ne[1],
      .heads = heads,
      .key_heads = k->ne[2],
      .streams = streams,
      .streams_per_key_stream = streams / k->ne[3],
      .mask_streams = mask == NULL ? 1 : mask->ne[3],
      .scale = softcap == 0 ? scale : scale / softcap,
      .softcap = softcap,
      .max_bias = max_bias,
      .slope_base = powf(2, -max_bias / slopes),
      .slope_base_beyond = powf(2, -max_bias / 2 / slopes),
      .slopes = slopes,
      .sinks = dst->src[4] == NULL ? NULL : dst->src[4]->data,
      .out = dst->data,
  };
  return true;
}

/** Work is divided into units of rows: so many for each head of keys. */
struct units {
  int64_t rows, blocks, most_rows, count, chunks;
  int64_t shared; /* chunks of each unit that threads share at a time; 0: none */
};

static struct units units_of(const struct attention *a, int64_t threads) {
  const int64_t rows = a->heads / a->key_heads * a->tokens, blocks = (rows + QUERY_ROWS - 1) / QUERY_ROWS;
  struct units units = {
      .rows = rows,
      .blocks = blocks,
      .most_rows = rows < QUERY_ROWS ? rows : QUERY_ROWS,
      .count = blocks * a->key_heads * a->streams,
      .chunks = (a->cells + CHUNK - 1) / CHUNK,
  };
  if (units.chunks > 1 && units.count < threads * UNITS) {
    const int64_t most = MOST_SHARED / (units.count * units.most_rows * (2 + padded(a->value_length))) - 1;
    units.shared = most < 1 ? 0 : most < units.chunks ? most : units.chunks;
  }
  return units;
}

static struct query_rows rows_of(const struct attention *a, struct units units, int64_t unit) {
  const int64_t of_head = unit / units.blocks, first = unit % units.blocks * QUERY_ROWS;
  const int64_t left = units.rows - first;
  return (struct query_rows){of_head / a->key_heads, of_head % a->key_heads, first,
                             left < QUERY_ROWS ? left : QUERY_ROWS};
}

static void attend(const struct attention *a, struct query_rows rows, int64_t chunks, const struct scratch *scratch) {
  load_queries(a, rows, scratch->queries);
  clear_sums(a, scratch->total, rows.count);
  for (int64_t chunk = 0; chunk < chunks; chunk++) {
    attend_to_chunk(a, rows, chunk, scratch);
    merge_sums(a, scratch->total, scratch->chunk, rows.count);
  }
  write_answers(a, rows, scratch->total);
}

/** Sums of each row of a unit, of one of the shared chunks or, behind those, of all so far. */
static struct sums shared_sums(const struct attention *a, float *all, struct units units, int64_t unit, int64_t chunk) {
  const int64_t rows = units.count * (units.shared + 1) * units.most_rows;
  const int64_t first = (unit * (units.shared + 1) + chunk) * units.most_rows;
  return (struct sums){all + first, all + rows + first, all + 2 * rows + first * padded(a->value_length)};
}

static struct sums row_of(const struct attention *a, struct sums sums, int64_t row) {
  return (struct sums){sums.largest + row, sums.weight + row, sums.values + row * padded(a->value_length)};
}

/** One chunk of one unit. */
static void attend_to_part(const struct attention *a, struct units units, int64_t unit, int64_t chunk, int64_t first,
                           float *all, const struct scratch *scratch) {
  const struct query_rows rows = rows_of(a, units, unit);
  load_queries(a, rows, scratch->queries);
  struct scratch into = *scratch;
  into.chunk = shared_sums(a, all, units, unit, chunk);
  attend_to_chunk(a, rows, first + chunk, &into);
}

/** Adds what threads made of some chunks of one row to its sums; with the last of them its answer is written. */
static void merge_parts(const struct attention *a, struct units units, int64_t row, int64_t first, int64_t count,
                        float *all) {
  const int64_t unit = row / units.most_rows, at = row % units.most_rows;
  struct query_rows rows = rows_of(a, units, unit);
  if (at >= rows.count) return;
  const struct sums total = row_of(a, shared_sums(a, all, units, unit, units.shared), at);
  if (first == 0) clear_sums(a, total, 1);
  for (int64_t chunk = 0; chunk < count; chunk++)
    merge_sums(a, total, row_of(a, shared_sums(a, all, units, unit, chunk), at), 1);
  rows.first += at;
  rows.count = 1;
  if (first + count == units.chunks) write_answers(a, rows, total);
}

/** Threads share the cells of each unit, so many chunks at a time. */
static void attend_together(const struct ggml_compute_params *params, const struct theirs *theirs,
                            const struct attention *a, struct units units, float *all, const struct scratch *scratch) {
  for (int64_t first = 0; first < units.chunks; first += units.shared) {
    const int64_t left = units.chunks - first, count = left < units.shared ? left : units.shared;
    if (first > 0) {
      if (params->ith == 0) theirs->set_chunk(params->threadpool, params->nth);
      theirs->barrier(params->threadpool);
    }
    for (int64_t i = params->ith; i < units.count * count; i = theirs->add_to_chunk(params->threadpool, 1))
      attend_to_part(a, units, i / count, i % count, first, all, scratch);
    theirs->barrier(params->threadpool);
    for (int64_t row = params->ith; row < units.count * units.most_rows; row += params->nth)
      merge_parts(a, units, row, first, count, all);
  }
}

/** Memory for shared sums that the thread keeps. @return NULL when there is none */
static float *reserve(int64_t floats) {
  static _Thread_local struct {
    float *data;
    int64_t length;
  } kept;
  if (floats <= kept.length) return kept.data;
  free(kept.data);
  kept.data = aligned_alloc(64, (floats * sizeof(float) + 63) / 64 * 64);
  kept.length = kept.data == NULL ? 0 : floats;
  return kept.data;
}

/** @source llama.cpp v0.5.0 ggml-cpu/ops.h */
void ggml_compute_forward_flash_attn_ext(const struct ggml_compute_params *params, struct ggml_tensor *dst) {
  const struct theirs *const theirs = find_theirs(__builtin_return_address(0));
  const int64_t ith = params->ith, nth = params->nth;
  struct attention a;
  const bool is_ours = describe(dst, &a) && (int64_t)params->wsize >=
                                                2 * ALIGNMENT + nth * scratch_floats(&a) * (int64_t)sizeof(float);
  if (!is_ours) {
    if (theirs->attend == NULL || theirs->attend == ggml_compute_forward_flash_attn_ext) abort();
    theirs->attend(params, dst);
    return;
  }
  if (ith == 0) count(ATTENTION);
  const struct units units = units_of(&a, nth);
  float *const work = (float *)(((uintptr_t)params->wdata + 2 * ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
  const struct scratch scratch = divide_scratch(&a, work + ith * scratch_floats(&a));
  const bool shares = can_share(theirs, params) && units.count * units.chunks > nth;
  if (shares) {
    if (ith == 0) {
      const int64_t rows = units.count * (units.shared + 1) * units.most_rows;
      *(float **)params->wdata = units.shared > 0 ? reserve(rows * (2 + padded(a.value_length))) : NULL;
      theirs->set_chunk(params->threadpool, (int)nth);
    }
    theirs->barrier(params->threadpool);
    float *const all = *(float **)params->wdata;
    if (all != NULL) {
      attend_together(params, theirs, &a, units, all, &scratch);
      return;
    }
  }
  for (int64_t unit = ith; unit < units.count; unit = shares ? theirs->add_to_chunk(params->threadpool, 1) : unit + nth)
    attend(&a, rows_of(&a, units, unit), units.chunks, &scratch);
}
