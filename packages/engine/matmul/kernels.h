/* What the kernels share: the product that is asked for, the part of it that a thread makes, and llama.cpp's types. */
#pragma once
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef PUNA_LLAMA_HEADERS /* The test of these files compiles them beside llama.cpp's own headers instead. */
enum {
  GGML_TYPE_F32 = 0,
  GGML_TYPE_F16 = 1,
  GGML_TYPE_Q5_0 = 6,
  GGML_TYPE_Q8_0 = 8,
  GGML_TYPE_Q5_K = 13,
  GGML_TYPE_Q6_K = 14,
  GGML_TYPE_Q8_K = 15,
  GGML_TYPE_BF16 = 30
};
#endif
_Static_assert(GGML_TYPE_F32 == 0 && GGML_TYPE_F16 == 1 && GGML_TYPE_Q5_0 == 6 && GGML_TYPE_Q8_0 == 8 &&
                   GGML_TYPE_Q5_K == 13 && GGML_TYPE_Q6_K == 14 && GGML_TYPE_Q8_K == 15 && GGML_TYPE_BF16 == 30,
               "as llama.cpp counts them");

#define TARGET __attribute__((target("avx2,fma,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET

/** Rows of weights, or tokens: `stride` bytes from one to the next. */
struct rows {
  const char *data;
  size_t stride;
  int type;
};

/** c[n][m] = sum over k of weights[m][k] tokens[n][k]; `ldc` floats from one n to the next. */
struct product {
  struct rows weights, tokens;
  float *c;
  int64_t ldc, k;
};

/** The rows and tokens from..to that one thread makes. */
struct part {
  int64_t first_row, end_row, first_token, end_token;
};

enum kernel_number { FLOATS, BLOCKS, SUPERBLOCKS, REPACKED, ATTENTION, KERNELS };

/** One more product that a kernel made. */
void count(enum kernel_number kernel);

typedef void kernel(const struct product *product, struct part part);

/** f32, f16 and bf16 weights, tokens of the same type. */
kernel multiply_floats;
/** q5_0 and q8_0 weights, q8_0 tokens. */
kernel multiply_blocks;
/** q5_K and q6_K weights, q8_K tokens. */
kernel multiply_superblocks;

enum {
  FLOAT_ROWS = 16, /* that are read side by side */
  BLOCK_ROWS = 4,
  BLOCK = 32,                /* values of one scale */
  SUPERBLOCK = 256,          /* values of one scale of scales */
  MOST_COLUMNS = 32768,      /* of weights in blocks: a tile of three tokens fits MOST_OF_TILES */
  MOST_OF_PANEL = 24 * 1024, /* bytes: it stays in the first cache */
};

/** Eight scales, and then eight mins, of six bits each. @source llama.cpp v0.5.0 get_scale_min_k4 */
INLINE __m128i scales_and_mins(const uint8_t packed[12]) {
  uint32_t of[3];
  memcpy(of, packed, sizeof of);
  const uint32_t six = 0x3f3f3f3f, four = 0x0f0f0f0f, two = 0x03030303;
  return _mm_setr_epi32((int)(of[0] & six), (int)((of[2] & four) | ((of[0] >> 6 & two) << 4)), (int)(of[1] & six),
                        (int)((of[2] >> 4 & four) | ((of[1] >> 6 & two) << 4)));
}
