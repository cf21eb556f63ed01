/*
 * Attention of up to 48 rows of queries to the cells of a cache, 128 cells at a time.
 *
 * The heads that share keys are rows of one block, whatever their number of tokens, so that each key and value is
 * unfolded from f16 once for all of them. A row's sums are made in the order of cells and depend neither on the other
 * rows nor on how cells are divided over threads: a token gets the same bits alone, beside others and in a prompt.
 */
#include "attention-rows.h"
#include <math.h>

static int64_t sums_floats(const struct attention *a) { return QUERY_ROWS * (2 + padded(a->value_length)); }

int64_t scratch_floats(const struct attention *a) {
  return QUERY_ROWS * a->key_length + FLOAT_ROWS * a->key_length + QUERY_ROWS * CHUNK +
         VALUE_CELLS * padded(a->value_length) + 2 * sums_floats(a);
}

static struct sums sums_at(float *floats) {
  return (struct sums){floats, floats + QUERY_ROWS, floats + 2 * QUERY_ROWS};
}

struct scratch divide_scratch(const struct attention *a, float *floats) {
  struct scratch scratch;
  scratch.queries = floats;
  scratch.panel = scratch.queries + QUERY_ROWS * a->key_length;
  scratch.weights = scratch.panel + FLOAT_ROWS * a->key_length;
  scratch.unfolded = scratch.weights + QUERY_ROWS * CHUNK;
  float *const sums = scratch.unfolded + VALUE_CELLS * padded(a->value_length);
  scratch.chunk = sums_at(sums);
  scratch.total = sums_at(sums + sums_floats(a));
  return scratch;
}

void clear_sums(const struct attention *a, struct sums sums, int64_t rows) {
  for (int64_t i = 0; i < rows; i++) sums.largest[i] = -INFINITY;
  memset(sums.weight, 0, rows * sizeof(float));
  memset(sums.values, 0, rows * padded(a->value_length) * sizeof(float));
}

static int64_t group_of(const struct attention *a) { return a->heads / a->key_heads; }

static int64_t token_of(const struct attention *a, struct query_rows rows, int64_t i) {
  return (rows.first + i) / group_of(a);
}

static int64_t head_of(const struct attention *a, struct query_rows rows, int64_t i) {
  return rows.key_head * group_of(a) + (rows.first + i) % group_of(a);
}

void load_queries(const struct attention *a, struct query_rows rows, float *queries) {
  for (int64_t i = 0; i < rows.count; i++) {
    const char *const from = a->queries.data + token_of(a, rows, i) * a->queries.row +
                             head_of(a, rows, i) * a->queries.head + rows.stream * a->queries.stream;
    memcpy(queries + i * a->key_length, from, a->key_length * sizeof(float));
  }
}

/** Exponential function of eight floats at most 0, within two units of the last place; 0 where it is below 2^-126. */
INLINE __m256 exponential(__m256 x) {
  const __m256 is_tiny = _mm256_cmp_ps(x, _mm256_set1_ps(-87.33654f), _CMP_LT_OQ);
  const __m256 power = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  /* ln 2 in two parts: the first has so few bits that its multiples are exact. */
  __m256 rest = _mm256_fnmadd_ps(power, _mm256_set1_ps(0.693359375f), x);
  rest = _mm256_fnmadd_ps(power, _mm256_set1_ps(-2.12194440e-4f), rest);
  /* 1 + r + r^2 / 2 + ... + r^6 / 720, for |r| <= ln 2 / 2 */
  __m256 sum = _mm256_set1_ps(1.0f / 720);
  sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(1.0f / 120));
  sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(1.0f / 24));
  sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(1.0f / 6));
  sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(0.5f));
  sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(1));
  sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(1));
  const __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(power), 23);
  return _mm256_andnot_ps(is_tiny, _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(sum), exponent)));
}

/** What is added to the scores of a token, -inf for cells that it does not see or that are not there. */
static TARGET void load_mask(const struct attention *a, struct query_rows rows, int64_t token, int64_t from, float mask[CHUNK]) {
  const int64_t cells = a->cells - from < CHUNK ? a->cells - from : CHUNK;
  const char *const row = a->mask.data == NULL ? NULL
                                               : a->mask.data + token * a->mask.row +
                                                     rows.stream % a->mask_streams * a->mask.stream;
  int64_t i = 0;
  for (; i + 8 <= cells; i += 8)
    _mm256_store_ps(mask + i, row == NULL ? _mm256_setzero_ps() : eight(row, from + i, GGML_TYPE_F16));
  for (; i < cells; i++) mask[i] = row == NULL ? 0 : single(row, from + i, GGML_TYPE_F16);
  for (; i < CHUNK; i++) mask[i] = -INFINITY;
}

INLINE __m256 tanh_of(__m256 x) {
  const __m256 sign = _mm256_and_ps(x, _mm256_set1_ps(-0.0f)), size = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
  const __m256 shrunk = exponential(_mm256_mul_ps(size, _mm256_set1_ps(-2)));
  const __m256 one = _mm256_set1_ps(1);
  return _mm256_or_ps(sign, _mm256_div_ps(_mm256_sub_ps(one, shrunk), _mm256_add_ps(one, shrunk)));
}

INLINE float largest_of(__m256 x) {
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  four = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
}

INLINE float sum_of(__m256 x) {
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

static float slope_of(const struct attention *a, int64_t head) {
  if (a->max_bias <= 0) return 1;
  return head < a->slopes ? powf(a->slope_base, (float)(head + 1))
                          : powf(a->slope_base_beyond, (float)(2 * (head - a->slopes) + 1));
}

/** Scores of one row to weights. @return the largest score; their sum goes to `*sum` */
static TARGET float weigh(const struct attention *a, float slope, const float mask[CHUNK], float *scores, float *sum) {
  const __m256 nothing = _mm256_set1_ps(-INFINITY), scale = _mm256_set1_ps(a->scale), bias = _mm256_set1_ps(slope);
  __m256 largest = nothing, unordered = _mm256_setzero_ps();
  for (int i = 0; i < CHUNK; i += 8) {
    const __m256 masked = _mm256_load_ps(mask + i);
    __m256 score = _mm256_mul_ps(_mm256_loadu_ps(scores + i), scale);
    if (a->softcap != 0) score = _mm256_mul_ps(tanh_of(score), _mm256_set1_ps(a->softcap));
    score = _mm256_fmadd_ps(masked, bias, score);
    /* A cell that is not seen may hold anything. */
    score = _mm256_blendv_ps(score, nothing, _mm256_cmp_ps(masked, nothing, _CMP_EQ_OQ));
    _mm256_storeu_ps(scores + i, score);
    largest = _mm256_max_ps(score, largest);
    unordered = _mm256_or_ps(unordered, _mm256_cmp_ps(score, score, _CMP_UNORD_Q));
  }
  if (_mm256_movemask_ps(unordered) != 0) { /* So is the answer. */
    *sum = NAN;
    return 0;
  }
  const float most = largest_of(largest);
  if (most == -INFINITY) {
    memset(scores, 0, CHUNK * sizeof(float));
    *sum = 0;
    return most;
  }
  const __m256 base = _mm256_set1_ps(most);
  __m256 all = _mm256_setzero_ps();
  for (int i = 0; i < CHUNK; i += 8) {
    const __m256 weight = exponential(_mm256_sub_ps(_mm256_loadu_ps(scores + i), base));
    _mm256_storeu_ps(scores + i, weight);
    all = _mm256_add_ps(all, weight);
  }
  *sum = sum_of(all);
  return most;
}

/** Rows times a panel, a few at a time. */
static void multiply_rows(int64_t rows, const float *panel, struct floats b, int64_t depth, struct floats c, bool onto) {
  for (int64_t i = 0; i < rows; i += FLOAT_TOKENS) {
    const int some = rows - i < FLOAT_TOKENS ? (int)(rows - i) : FLOAT_TOKENS;
    multiply_panel(some, panel, (struct floats){b.data + i * b.stride, b.stride}, depth,
                   (struct floats){c.data + i * c.stride, c.stride}, onto);
  }
}

/** Values of some cells as panels of f32: 16 of each cell, cell by cell, then the next 16. Zeros for cells unseen. */
static TARGET void unfold_values(float *panels, const char *first, size_t stride, int64_t length, const bool *seen) {
  for (int64_t cell = 0; cell < VALUE_CELLS; cell++) {
    const char *const row = first + cell * stride;
    for (int64_t at = 0; at < padded(length); at += 8) {
      float *const to = panels + (at / FLOAT_ROWS * VALUE_CELLS + cell) * FLOAT_ROWS + at % FLOAT_ROWS;
      if (seen[cell] && at + 8 <= length) _mm256_store_ps(to, eight(row, at, GGML_TYPE_F16));
      else
        for (int i = 0; i < 8; i++) to[i] = seen[cell] && at + i < length ? single(row, at + i, GGML_TYPE_F16) : 0;
    }
  }
}

static bool any(const bool *seen, int count) { return memchr(seen, true, count) != NULL; }

/** Which cells of a chunk some row sees. */
static void look(const struct attention *a, struct query_rows rows, int64_t from, bool seen[CHUNK]) {
  _Alignas(32) float mask[CHUNK];
  memset(seen, 0, CHUNK * sizeof(bool));
  const int64_t last = token_of(a, rows, rows.count - 1);
  for (int64_t token = token_of(a, rows, 0); token <= last; token++) {
    load_mask(a, rows, token, from, mask);
    for (int i = 0; i < CHUNK; i++) seen[i] |= mask[i] != -INFINITY;
  }
}

static void score(const struct attention *a, struct query_rows rows, int64_t from, const bool seen[CHUNK],
                  const struct scratch *scratch) {
  const int64_t key_stream = rows.stream / a->streams_per_key_stream;
  const struct rows keys = {a->keys.data + rows.key_head * a->keys.head + key_stream * a->keys.stream, a->keys.row,
                            GGML_TYPE_F16};
  for (int at = 0; at < CHUNK; at += FLOAT_ROWS) {
    if (!any(seen + at, FLOAT_ROWS)) continue; /* What stands there is masked. */
    const int64_t left = a->cells - from - at;
    unfold_panel(scratch->panel, keys, from + at, left < FLOAT_ROWS ? left : FLOAT_ROWS, 0, a->key_length);
    multiply_rows(rows.count, scratch->panel, (struct floats){scratch->queries, a->key_length}, a->key_length,
                  (struct floats){scratch->weights + at, CHUNK}, false);
  }
}

void attend_to_chunk(const struct attention *a, struct query_rows rows, int64_t chunk, const struct scratch *scratch) {
  const int64_t from = chunk * CHUNK, length = padded(a->value_length);
  bool seen[CHUNK];
  look(a, rows, from, seen);
  clear_sums(a, scratch->chunk, rows.count);
  if (!any(seen, CHUNK)) return;
  score(a, rows, from, seen, scratch);
  _Alignas(32) float mask[CHUNK];
  int64_t masked = -1;
  for (int64_t i = 0; i < rows.count; i++) {
    const int64_t token = token_of(a, rows, i);
    if (token != masked) load_mask(a, rows, masked = token, from, mask);
    scratch->chunk.largest[i] = weigh(a, slope_of(a, head_of(a, rows, i)), mask, scratch->weights + i * CHUNK,
                                      scratch->chunk.weight + i);
  }
  const int64_t key_stream = rows.stream / a->streams_per_key_stream;
  const char *const values = a->values.data + rows.key_head * a->values.head + key_stream * a->values.stream;
  for (int at = 0; at < CHUNK; at += VALUE_CELLS) {
    if (!any(seen + at, VALUE_CELLS)) continue;
    unfold_values(scratch->unfolded, values + (from + at) * a->values.row, a->values.row, a->value_length, seen + at);
    for (int64_t i = 0; i < length; i += FLOAT_ROWS)
      multiply_rows(rows.count, scratch->unfolded + i * VALUE_CELLS, (struct floats){scratch->weights + at, CHUNK},
                    VALUE_CELLS, (struct floats){scratch->chunk.values + i, length}, true);
  }
}

TARGET void merge_sums(const struct attention *a, struct sums total, struct sums more, int64_t rows) {
  const int64_t length = padded(a->value_length);
  for (int64_t i = 0; i < rows; i++) {
    if (more.weight[i] == 0) continue;
    const float largest = fmaxf(total.largest[i], more.largest[i]);
    const float old = expf(total.largest[i] - largest), new = expf(more.largest[i] - largest);
    total.largest[i] = largest;
    total.weight[i] = total.weight[i] * old + more.weight[i] * new;
    float *const to = total.values + i * length;
    const float *const from = more.values + i * length;
    for (int64_t at = 0; at < length; at += 8) {
      const __m256 scaled = _mm256_mul_ps(_mm256_loadu_ps(to + at), _mm256_set1_ps(old));
      _mm256_storeu_ps(to + at, _mm256_fmadd_ps(_mm256_loadu_ps(from + at), _mm256_set1_ps(new), scaled));
    }
  }
}

void write_answers(const struct attention *a, struct query_rows rows, struct sums total) {
  for (int64_t i = 0; i < rows.count; i++) {
    const int64_t head = head_of(a, rows, i), token = token_of(a, rows, i);
    float weight = total.weight[i], scale = 1;
    if (a->sinks != NULL) {
      /* A cell without a value that every row sees. */
      const float largest = fmaxf(total.largest[i], a->sinks[head]);
      scale = expf(total.largest[i] - largest);
      weight = weight * scale + expf(a->sinks[head] - largest);
    }
    scale = weight == 0 ? 0 : scale / weight;
    float *const to = a->out + ((rows.stream * a->tokens + token) * a->heads + head) * a->value_length;
    const float *const from = total.values + i * padded(a->value_length);
    for (int64_t at = 0; at < a->value_length; at++) to[at] = from[at] * scale;
  }
}
