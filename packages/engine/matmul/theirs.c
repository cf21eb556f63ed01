#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "theirs.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>

#ifdef PUNA_LLAMA_HEADERS /* What is found by name below must have the types of their declarations. */
#define SAME_TYPE(function, type) _Static_assert(_Generic(&(function), type: 1, default: 0), "as llama.cpp declares it")
SAME_TYPE(ggml_barrier, void (*)(struct ggml_threadpool *));
SAME_TYPE(ggml_threadpool_chunk_set, void (*)(struct ggml_threadpool *, int));
SAME_TYPE(ggml_threadpool_chunk_add, int (*)(struct ggml_threadpool *, int));
#endif

static struct theirs found;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic(const void *) first_caller;

static void find(void) {
  Dl_info info;
  void *const library = dladdr(atomic_load(&first_caller), &info) ? dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD) : NULL;
  if (library == NULL) return;
  *(void **)&found.multiply = dlsym(library, "llamafile_sgemm");
  *(void **)&found.attend = dlsym(library, "ggml_compute_forward_flash_attn_ext");
  *(void **)&found.barrier = dlsym(library, "ggml_barrier");
  *(void **)&found.set_chunk = dlsym(library, "ggml_threadpool_chunk_set");
  *(void **)&found.add_to_chunk = dlsym(library, "ggml_threadpool_chunk_add");
  dlclose(library); /* It stays loaded: it called. */
}

const struct theirs *find_theirs(const void *caller) {
  if (atomic_load_explicit(&first_caller, memory_order_relaxed) == NULL)
    atomic_store_explicit(&first_caller, caller, memory_order_relaxed);
  pthread_once(&once, find);
  return &found;
}

bool can_share(const struct theirs *theirs, const struct ggml_compute_params *params) {
  return params->nth > 1 && params->threadpool != NULL && theirs->barrier != NULL && theirs->set_chunk != NULL &&
         theirs->add_to_chunk != NULL;
}
