/*
 * Products of weights with many tokens at once, for x86-64 processors with AVX2 and without AVX-512.
 *
 * The libraries that node-llama-cpp ships are made by a compiler (GCC 11) that keeps the sums of llama.cpp's kernels in
 * memory instead of registers: every multiplication waits for a store. This library takes the place of some functions of
 * theirs: it is loaded before them, for all of the process to see, so that calls of `llamafile_sgemm` end here.
 * What it has no kernel for goes on to llama.cpp's own. `ggml_gemm_q4_K_8x8_q8_K` and `ggml_gemm_q4_0_8x8_q8_0` are
 * replaced for all shapes.
 */
#include "repacked.h"
#include "theirs.h"
#include <cpuid.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
  PARTS = 2,            /* of a product, for each thread, where threads share */
  FEWEST_TO_SHARE = 12, /* tokens: with fewer, to wait for each other costs more than it saves */
};

EXPORT sgemm llamafile_sgemm;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool has_vnni;
static atomic_llong calls[KERNELS];

/** Whether this processor is one that these kernels were made for, and runs the library that they were compared with. */
EXPORT bool puna_matmul_fits(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") &&
         __builtin_cpu_supports("bmi2") && !__builtin_cpu_supports("avx512f");
}

/** How many products one of the kernels made. */
EXPORT int64_t puna_matmul_calls(int kernel) {
  return kernel >= 0 && kernel < KERNELS ? atomic_load(&calls[kernel]) : -1;
}

void count(enum kernel_number kernel) { atomic_fetch_add_explicit(&calls[kernel], 1, memory_order_relaxed); }

static void look_for_vnni(void) {
  unsigned a = 0, b, c, d;
  has_vnni = __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 4) != 0;
}

/** What rows of one type are made of, and which tokens they meet: those that llama.cpp makes for it. */
struct kind {
  kernel *multiply;
  int number, tokens;
  int64_t values;            /* of one block, of which... */
  size_t bytes, token_bytes; /* ...are these */
  int64_t rows, fewest;      /* rows at a time; tokens from which on it is faster than what llama.cpp has */
};

/**
 * Tokens are always those that llama.cpp has rounded for the type, as when it decodes a single one. q5_0 and q8_0 are
 * left to llama.cpp where its own products use AVX-VNNI: which are faster there was not measured.
 */
static bool kind_of(int type, struct kind *kind) {
  switch (type) {
    case GGML_TYPE_F32: *kind = (struct kind){multiply_floats, FLOATS, GGML_TYPE_F32, 1, 4, 4, FLOAT_ROWS, 12}; break;
    case GGML_TYPE_F16: *kind = (struct kind){multiply_floats, FLOATS, GGML_TYPE_F16, 1, 2, 2, FLOAT_ROWS, 12}; break;
    case GGML_TYPE_BF16: *kind = (struct kind){multiply_floats, FLOATS, GGML_TYPE_BF16, 1, 2, 2, FLOAT_ROWS, 12}; break;
    case GGML_TYPE_Q5_0:
      if (has_vnni) return false;
      *kind = (struct kind){multiply_blocks, BLOCKS, GGML_TYPE_Q8_0, BLOCK, 22, 34, BLOCK_ROWS, 4};
      break;
    case GGML_TYPE_Q8_0:
      if (has_vnni) return false;
      *kind = (struct kind){multiply_blocks, BLOCKS, GGML_TYPE_Q8_0, BLOCK, 34, 34, BLOCK_ROWS, 12};
      break;
    case GGML_TYPE_Q5_K:
      *kind = (struct kind){multiply_superblocks, SUPERBLOCKS, GGML_TYPE_Q8_K, SUPERBLOCK, 176, 292, BLOCK_ROWS, 2};
      break;
    case GGML_TYPE_Q6_K:
      *kind = (struct kind){multiply_superblocks, SUPERBLOCKS, GGML_TYPE_Q8_K, SUPERBLOCK, 210, 292, BLOCK_ROWS, 2};
      break;
    default: return false;
  }
  return true;
}

static void multiply(const struct ggml_compute_params *params, const struct theirs *theirs, const struct kind *kind,
                     const struct product *product, int64_t m, int64_t n) {
  const int64_t ith = params->ith, nth = params->nth, panels = (m + kind->rows - 1) / kind->rows;
  if (panels < nth) {
    kind->multiply(product, (struct part){0, m, n * ith / nth, n * (ith + 1) / nth});
    return;
  }
  /* Cores differ, in speed and in what else they do: who is done takes the next part. */
  const bool shares = n >= FEWEST_TO_SHARE && can_share(theirs, params);
  const int64_t wanted = shares ? nth * PARTS : nth, parts = panels < wanted ? panels : wanted;
  if (shares) {
    if (ith == 0) theirs->set_chunk(params->threadpool, (int)nth);
    theirs->barrier(params->threadpool);
  }
  for (int64_t part = ith; part < parts; part = shares ? theirs->add_to_chunk(params->threadpool, 1) : parts) {
    const int64_t end = panels * (part + 1) / parts * kind->rows;
    kind->multiply(product, (struct part){panels * part / parts * kind->rows, end < m ? end : m, 0, n});
  }
  if (shares) theirs->barrier(params->threadpool);
}

/**
 * @param k, lda, ldb  in blocks where values come in blocks
 * @return whether the product was made; every thread answers alike
 * @source llama.cpp v0.5.0 llamafile/sgemm.h
 */
bool llamafile_sgemm(const struct ggml_compute_params *params, int64_t m, int64_t n, int64_t k, const void *a,
                     int64_t lda, const void *b, int64_t ldb, void *c, int64_t ldc, int a_type, int b_type,
                     int c_type) {
  const struct theirs *const theirs = find_theirs(__builtin_return_address(0));
  pthread_once(&once, look_for_vnni);
  struct kind kind;
  if (!kind_of(a_type, &kind) || b_type != kind.tokens || c_type != GGML_TYPE_F32 || n < kind.fewest ||
      m < kind.rows || k < 1 || (kind.values > 1 && k * kind.values > MOST_COLUMNS))
    return theirs->multiply != NULL && theirs->multiply != llamafile_sgemm &&
           theirs->multiply(params, m, n, k, a, lda, b, ldb, c, ldc, a_type, b_type, c_type);
  if (params->ith == 0) count(kind.number);
  const struct product product = {
      .weights = {a, (size_t)lda * kind.bytes, a_type},
      .tokens = {b, (size_t)ldb * kind.token_bytes, b_type},
      .c = c,
      .ldc = ldc,
      .k = k * kind.values,
  };
  multiply(params, theirs, &kind, &product, m, n);
  return true;
}

typedef void gemm(int n, float *s, size_t bs, const void *vx, const void *vy, int nr, int nc);
EXPORT gemm ggml_gemm_q4_K_8x8_q8_K, ggml_gemm_q4_0_8x8_q8_0;

/**
 * @param n  columns
 * @param bs  floats from one token's sums to the next
 * @param nr, nc  tokens, a multiple of four, and rows, a multiple of eight
 * @source llama.cpp v0.5.0 ggml-cpu/repack.h
 */
void ggml_gemm_q4_K_8x8_q8_K(int n, float *s, size_t bs, const void *vx, const void *vy, int nr, int nc) {
  count(REPACKED);
  multiply_repacked(&repacked_q4_K, n, s, (int64_t)bs, vx, vy, nr, nc);
}

/** As above. */
void ggml_gemm_q4_0_8x8_q8_0(int n, float *s, size_t bs, const void *vx, const void *vy, int nr, int nc) {
  count(REPACKED);
  multiply_repacked(&repacked_q4_0, n, s, (int64_t)bs, vx, vy, nr, nc);
}
