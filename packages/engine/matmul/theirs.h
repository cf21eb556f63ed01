/* What llama.cpp's library has, the one that calls: found by name. */
#pragma once
#include "kernels.h"

#define EXPORT __attribute__((visibility("default")))

#ifndef PUNA_LLAMA_HEADERS
struct ggml_threadpool;
struct ggml_compute_params {
  int ith, nth; /* which thread of how many */
  size_t wsize;
  void *wdata;
  struct ggml_threadpool *threadpool;
};
enum { GGML_MAX_DIMS = 4, GGML_MAX_SRC = 10 };
struct ggml_tensor {
  int type;
  void *buffer;
  int64_t ne[GGML_MAX_DIMS];
  size_t nb[GGML_MAX_DIMS]; /* bytes from one to the next */
  int op, op_params[16], flags;
  struct ggml_tensor *src[GGML_MAX_SRC], *view_src;
  size_t view_offs;
  void *data;
};
#endif
_Static_assert(offsetof(struct ggml_compute_params, nth) == 4 && offsetof(struct ggml_compute_params, wsize) == 8 &&
                   offsetof(struct ggml_compute_params, wdata) == 16 &&
                   offsetof(struct ggml_compute_params, threadpool) == 24,
               "as llama.cpp lays them out");
_Static_assert(offsetof(struct ggml_tensor, ne) == 16 && offsetof(struct ggml_tensor, nb) == 48 &&
                   offsetof(struct ggml_tensor, op_params) == 84 && offsetof(struct ggml_tensor, src) == 152 &&
                   offsetof(struct ggml_tensor, data) == 248,
               "as llama.cpp lays them out");

typedef bool sgemm(const struct ggml_compute_params *params, int64_t m, int64_t n, int64_t k, const void *a, int64_t lda,
                   const void *b, int64_t ldb, void *c, int64_t ldc, int a_type, int b_type, int c_type);
typedef void forward(const struct ggml_compute_params *params, struct ggml_tensor *dst);

/** Those that were not found are NULL. */
struct theirs {
  sgemm *multiply;
  forward *attend;
  void (*barrier)(struct ggml_threadpool *);
  void (*set_chunk)(struct ggml_threadpool *, int);
  int (*add_to_chunk)(struct ggml_threadpool *, int);
};

/** @param caller  an address in their library; that of the first call counts */
const struct theirs *find_theirs(const void *caller);

/** Whether the threads of a call can take parts from a common counter, and wait for each other. */
bool can_share(const struct theirs *theirs, const struct ggml_compute_params *params);
