/**
 * What one header may cost us before it is refused; each bound guards memory or time
 * against a file that says much and holds little.
 */
export interface GgufLimits {
  /** Key-value pairs; real files have fewer than 200. */
  readonly maxKeys: number;
  /** Tensors; mixture models stored expert by expert reach some 50,000. */
  readonly maxTensors: number;
  /** Bytes of one key; the format's own bound. */
  readonly maxKeyBytes: number;
  /** Bytes of one string value; chat templates are the longest ones. */
  readonly maxStringBytes: number;
  /** Bytes of one string inside an array; tokenizers index token text with 32-bit integers (CVE-2025-49847). */
  readonly maxArrayStringBytes: number;
  /** Elements of one array; the largest vocabularies have under 2^20 tokens and 2^21 merges. */
  readonly maxArrayLength: number;
  /** Bytes of all string values kept in memory together. */
  readonly maxRetainedBytes: number;
  /** Bytes from the start of the file to the end of the tensor list. */
  readonly maxHeaderBytes: number;
}

export const defaultGgufLimits: GgufLimits = {
  maxKeys: 65_536,
  maxTensors: 131_072,
  maxKeyBytes: 65_535,
  maxStringBytes: 4 * 1024 * 1024,
  maxArrayStringBytes: 65_535,
  maxArrayLength: 16 * 1024 * 1024,
  maxRetainedBytes: 16 * 1024 * 1024,
  maxHeaderBytes: 1024 * 1024 * 1024,
};

/** llama.cpp's own table sizes (GGML_MAX_DIMS, GGML_MAX_NAME, LLAMA_MAX_LAYERS at v0.5.0): past them it reads out of bounds. */
export const maxDimensions = 4;
export const maxTensorNameBytes = 63;
export const maxBlocks = 512;

/** Alignments in use are 32 to 16,384; beyond this only an attack on the sums remains. */
export const maxAlignment = 1024 * 1024;
