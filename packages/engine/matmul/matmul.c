/*
 * Products of f16, bf16 and f32 weights with many tokens at once, for x86-64 processors with AVX2 and without AVX-512.
 *
 * The libraries that node-llama-cpp ships are made by a compiler (GCC 11) that keeps the sums of llama.cpp's kernel in
 * memory instead of registers: every multiplication waits for a store. Nearly all embedding models are f16, and run at
 * half the speed that the processor allows. This library takes the place of that one function: it is loaded before
 * llama.cpp's, for all of the process to see, so that their calls of `llamafile_sgemm` end here. What it has no kernel
 * for goes on to llama.cpp's own.
 *
 * A panel of 16 rows of weights is unfolded to f32, rows side by side, and then meets six tokens at a time: twelve
 * vectors of sums, two of weights and one of a token fill 15 of the 16 registers.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <immintrin.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef PUNA_LLAMA_HEADERS /* The test of this file compiles it beside llama.cpp's own headers instead. */
enum { GGML_TYPE_F32 = 0, GGML_TYPE_F16 = 1, GGML_TYPE_BF16 = 30 };
struct ggml_threadpool;
struct ggml_compute_params {
  int ith, nth; /* which thread of how many */
  size_t wsize;
  void *wdata;
  struct ggml_threadpool *threadpool;
};
#endif
_Static_assert(offsetof(struct ggml_compute_params, nth) == 4 && offsetof(struct ggml_compute_params, threadpool) == 24,
               "as llama.cpp lays them out");
_Static_assert(GGML_TYPE_F32 == 0 && GGML_TYPE_F16 == 1 && GGML_TYPE_BF16 == 30, "as llama.cpp counts them");

#define TARGET __attribute__((target("avx2,fma,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum {
  ROWS = 16,
  TOKENS = 6,
  DEPTH = 256,        /* a panel of so many columns (16 KiB) and the tokens that it meets stay in the first cache */
  FEWEST_TOKENS = 12, /* with fewer, unfolding costs more than it saves */
  PARTS = 4,          /* of a product, for each thread */
};

typedef bool sgemm(const struct ggml_compute_params *params, int64_t m, int64_t n, int64_t k, const void *a, int64_t lda,
                   const void *b, int64_t ldb, void *c, int64_t ldc, int a_type, int b_type, int c_type);
sgemm llamafile_sgemm;

/** What llama.cpp's library has, the one that called. */
static struct {
  sgemm *multiply;
  void (*barrier)(struct ggml_threadpool *);
  void (*set_chunk)(struct ggml_threadpool *, int);
  int (*add_to_chunk)(struct ggml_threadpool *, int);
} theirs;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic(const void *) caller;
static atomic_llong calls;

/** Whether this processor is one that these kernels were made for. */
bool puna_matmul_fits(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") &&
         !__builtin_cpu_supports("avx512f");
}

/** How many products were made here, for tests. */
int64_t puna_matmul_calls(void) { return atomic_load(&calls); }

INLINE __m256 eight(const char *row, int64_t at, int type) {
  if (type == GGML_TYPE_F32) return _mm256_loadu_ps((const float *)row + at);
  const __m128i half = _mm_loadu_si128((const __m128i *)((const uint16_t *)row + at));
  if (type == GGML_TYPE_F16) return _mm256_cvtph_ps(half);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}

INLINE float single(const char *row, int64_t at, int type) {
  if (type == GGML_TYPE_F32) return ((const float *)row)[at];
  const uint16_t half = ((const uint16_t *)row)[at];
  if (type == GGML_TYPE_F16) return _cvtsh_ss(half);
  const uint32_t bits = (uint32_t)half << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

INLINE void transpose(__m256 r[8]) {
  __m256 pairs[8], fours[8];
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    fours[i] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
    fours[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0xEE);
    fours[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
    fours[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xEE);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    r[i] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20);
    r[i + 4] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31);
  }
}

/** Writes `depth` columns of up to 16 rows as f32, the rows of one column side by side; rows that are not there are 0. */
INLINE void unfold(float *panel, const char *a, size_t stride, int64_t rows, int64_t from, int64_t depth, int type) {
  for (int group = 0; group < ROWS; group += 8) {
    const char *const first = a + group * stride;
    int64_t column = 0;
    for (; column + 8 <= depth; column += 8) {
      __m256 r[8];
#pragma GCC unroll 8
      for (int i = 0; i < 8; i++)
        r[i] = group + i < rows ? eight(first + i * stride, from + column, type) : _mm256_setzero_ps();
      transpose(r);
#pragma GCC unroll 8
      for (int i = 0; i < 8; i++) _mm256_store_ps(panel + (column + i) * ROWS + group, r[i]);
    }
    for (; column < depth; column++)
      for (int i = 0; i < 8; i++)
        panel[column * ROWS + group + i] =
            group + i < rows ? single(first + i * stride, from + column, type) : 0;
  }
}

/** One panel times a few tokens; `tokens` is known where this is inlined, so that the sums stay in registers. */
INLINE void tile(const int tokens, const float *panel, const float *b, int64_t ldb, int64_t depth, float *c, int64_t ldc,
                 bool onto) {
  __m256 low[TOKENS], high[TOKENS];
#pragma GCC unroll 6
  for (int j = 0; j < tokens; j++) {
    low[j] = onto ? _mm256_loadu_ps(c + j * ldc) : _mm256_setzero_ps();
    high[j] = onto ? _mm256_loadu_ps(c + j * ldc + 8) : _mm256_setzero_ps();
  }
  for (int64_t column = 0; column < depth; column++) {
    const __m256 x = _mm256_load_ps(panel + column * ROWS), y = _mm256_load_ps(panel + column * ROWS + 8);
#pragma GCC unroll 6
    for (int j = 0; j < tokens; j++) {
      const __m256 value = _mm256_broadcast_ss(b + j * ldb + column);
      low[j] = _mm256_fmadd_ps(x, value, low[j]);
      high[j] = _mm256_fmadd_ps(y, value, high[j]);
    }
  }
#pragma GCC unroll 6
  for (int j = 0; j < tokens; j++) {
    _mm256_storeu_ps(c + j * ldc, low[j]);
    _mm256_storeu_ps(c + j * ldc + 8, high[j]);
  }
}

static TARGET void tiles(int tokens, const float *panel, const float *b, int64_t ldb, int64_t depth, float *c,
                         int64_t ldc, bool onto) {
  switch (tokens) {
    case 1: tile(1, panel, b, ldb, depth, c, ldc, onto); return;
    case 2: tile(2, panel, b, ldb, depth, c, ldc, onto); return;
    case 3: tile(3, panel, b, ldb, depth, c, ldc, onto); return;
    case 4: tile(4, panel, b, ldb, depth, c, ldc, onto); return;
    case 5: tile(5, panel, b, ldb, depth, c, ldc, onto); return;
    default: tile(TOKENS, panel, b, ldb, depth, c, ldc, onto);
  }
}

/** Tokens of `b` from `n` on with the rows of `a`, `depth` columns of both. Rows beyond the last are kept out of `c`. */
static void panel_by_tokens(const float *panel, int64_t rows, const float *b, int64_t ldb, int64_t depth, float *c,
                            int64_t ldc, int64_t n, int64_t end, bool onto) {
  _Alignas(32) float edge[ROWS * TOKENS];
  for (; n < end; n += TOKENS) {
    const int tokens = end - n < TOKENS ? (int)(end - n) : TOKENS;
    float *const to = c + n * ldc;
    if (rows == ROWS) {
      tiles(tokens, panel, b + n * ldb, ldb, depth, to, ldc, onto);
      continue;
    }
    for (int j = 0; onto && j < tokens; j++) memcpy(edge + j * ROWS, to + j * ldc, rows * sizeof(float));
    tiles(tokens, panel, b + n * ldb, ldb, depth, edge, ROWS, onto);
    for (int j = 0; j < tokens; j++) memcpy(to + j * ldc, edge + j * ROWS, rows * sizeof(float));
  }
}

/** c[n][m] = sum over k of a[m][k] b[n][k], for the rows and tokens from..to of this thread. */
static TARGET void multiply(const char *a, size_t stride, int type, const float *b, int64_t ldb, float *c, int64_t ldc,
                            int64_t row, int64_t end_row, int64_t token, int64_t end_token, int64_t k) {
  _Alignas(32) float panel[ROWS * DEPTH];
  for (; row < end_row; row += ROWS) {
    const int64_t rows = end_row - row < ROWS ? end_row - row : ROWS;
    for (int64_t from = 0; from < k; from += DEPTH) {
      const int64_t depth = k - from < DEPTH ? k - from : DEPTH;
      const char *const first = a + row * stride;
      switch (type) {
        case GGML_TYPE_F16: unfold(panel, first, stride, rows, from, depth, GGML_TYPE_F16); break;
        case GGML_TYPE_BF16: unfold(panel, first, stride, rows, from, depth, GGML_TYPE_BF16); break;
        default: unfold(panel, first, stride, rows, from, depth, GGML_TYPE_F32);
      }
      panel_by_tokens(panel, rows, b + from, ldb, depth, c + row, ldc, token, end_token, from > 0);
    }
  }
}

static void find_theirs(void) {
  Dl_info info;
  void *const library = dladdr(atomic_load(&caller), &info) ? dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD) : NULL;
  if (library == NULL) return;
  *(void **)&theirs.multiply = dlsym(library, "llamafile_sgemm");
  *(void **)&theirs.barrier = dlsym(library, "ggml_barrier");
  *(void **)&theirs.set_chunk = dlsym(library, "ggml_threadpool_chunk_set");
  *(void **)&theirs.add_to_chunk = dlsym(library, "ggml_threadpool_chunk_add");
  dlclose(library); /* It stays loaded: it called. */
}

/** @return whether the product was made; every thread answers alike. @source llama.cpp v0.5.0 llamafile/sgemm.h */
bool llamafile_sgemm(const struct ggml_compute_params *params, int64_t m, int64_t n, int64_t k, const void *a,
                     int64_t lda, const void *b, int64_t ldb, void *c, int64_t ldc, int a_type, int b_type,
                     int c_type) {
  if (atomic_load_explicit(&caller, memory_order_relaxed) == NULL)
    atomic_store_explicit(&caller, __builtin_return_address(0), memory_order_relaxed);
  pthread_once(&once, find_theirs);
  const bool weights = a_type == GGML_TYPE_F16 || a_type == GGML_TYPE_BF16 || a_type == GGML_TYPE_F32;
  if (!weights || b_type != GGML_TYPE_F32 || c_type != GGML_TYPE_F32 || n < FEWEST_TOKENS || m < ROWS || k < 1)
    return theirs.multiply != NULL && theirs.multiply != llamafile_sgemm &&
           theirs.multiply(params, m, n, k, a, lda, b, ldb, c, ldc, a_type, b_type, c_type);
  const int64_t ith = params->ith, nth = params->nth, panels = (m + ROWS - 1) / ROWS;
  if (ith == 0) atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
  const size_t stride = (size_t)lda * (a_type == GGML_TYPE_F32 ? sizeof(float) : sizeof(uint16_t));
  if (panels < nth) {
    multiply(a, stride, a_type, b, ldb, c, ldc, 0, m, n * ith / nth, n * (ith + 1) / nth, k);
    return true;
  }
  /* Cores differ, in speed and in what else they do: who is done takes the next part. */
  const bool shares = nth > 1 && params->threadpool != NULL && theirs.barrier != NULL && theirs.set_chunk != NULL &&
                      theirs.add_to_chunk != NULL;
  const int64_t wanted = shares ? nth * PARTS : nth, parts = panels < wanted ? panels : wanted;
  if (shares) {
    if (ith == 0) theirs.set_chunk(params->threadpool, (int)nth);
    theirs.barrier(params->threadpool);
  }
  for (int64_t part = ith; part < parts; part = shares ? theirs.add_to_chunk(params->threadpool, 1) : parts) {
    const int64_t end = panels * (part + 1) / parts * ROWS;
    multiply(a, stride, a_type, b, ldb, c, ldc, panels * part / parts * ROWS, end < m ? end : m, 0, n, k);
  }
  if (shares) theirs.barrier(params->threadpool);
  return true;
}
