import { EngineError } from "../../errors.ts";
import type { RunnerSpec } from "../../ipc/messages.ts";
import { Handle } from "./handle.ts";
import { encodeKvOverrides } from "./kv-overrides.ts";
import type { LlamaLibrary } from "./library.ts";

const loadModes = { auto: -1, none: 0, mmap: 1 } as const;
const maxPieceBytes = 512;

/** Loaded weights and their vocabulary. Token ids are checked here: C would read past its tables. */
export class LlamaModel {
  readonly library: LlamaLibrary;
  readonly vocabularySize: number;
  readonly trainedContextTokens: number;
  readonly embeddingLength: number;
  readonly slidingWindowTokens: number;
  readonly sizeBytes: number;
  /** Keeps a state instead of the past: it can be copied, but not cut. */
  readonly isRecurrent: boolean;
  readonly hasDecoder: boolean;
  readonly hasEncoder: boolean;
  readonly bos: number;
  readonly eos: number;
  readonly separator: number;
  readonly addsBos: boolean;
  readonly addsEos: boolean;
  readonly addsSeparator: boolean;
  readonly #handle: Handle;
  readonly #vocabulary: bigint;
  readonly #piece = new Uint8Array(maxPieceBytes);
  #endTokens: readonly number[] | undefined;

  private constructor(library: LlamaLibrary, pointer: bigint) {
    const { c } = library;
    this.library = library;
    this.#handle = new Handle("model", pointer, (model) => c.llama_model_free(model));
    const vocabulary = c.llama_model_get_vocab(pointer);
    if (vocabulary === null) throw new EngineError("LOAD_FAILED", "the model has no vocabulary");
    this.#vocabulary = vocabulary;
    this.vocabularySize = c.llama_vocab_n_tokens(vocabulary);
    this.trainedContextTokens = c.llama_model_n_ctx_train(pointer);
    this.embeddingLength = c.llama_model_n_embd_out(pointer);
    this.slidingWindowTokens = Math.max(0, c.llama_model_n_swa(pointer));
    this.sizeBytes = Number(c.llama_model_size(pointer));
    this.isRecurrent = c.llama_model_is_recurrent(pointer) || c.llama_model_is_hybrid(pointer);
    this.hasDecoder = c.llama_model_has_decoder(pointer);
    this.hasEncoder = c.llama_model_has_encoder(pointer);
    this.bos = c.llama_vocab_bos(vocabulary);
    this.eos = c.llama_vocab_eos(vocabulary);
    this.separator = c.llama_vocab_sep(vocabulary);
    this.addsBos = c.llama_vocab_get_add_bos(vocabulary);
    this.addsEos = c.llama_vocab_get_add_eos(vocabulary);
    this.addsSeparator = c.llama_vocab_get_add_sep(vocabulary);
  }

  /** @throws EngineError `LOAD_FAILED`; the reason stands in what llama.cpp wrote to stderr */
  static async load(library: LlamaLibrary, spec: RunnerSpec): Promise<LlamaModel> {
    const { c } = library;
    const overrides = spec.kvOverrides.length === 0 ? undefined : encodeKvOverrides(spec.kvOverrides);
    const params = {
      ...c.llama_model_default_params(),
      n_gpu_layers: spec.gpuLayers,
      ...(spec.mainGpu === undefined ? {} : { main_gpu: spec.mainGpu, split_mode: 0 }),
      load_mode: spec.useMmap === undefined ? loadModes.auto : spec.useMmap ? loadModes.mmap : loadModes.none,
      kv_overrides: overrides?.pointer ?? null,
    };
    try {
      const pointer = await new Promise<bigint | null>((resolve, reject) => {
        c.llama_model_load_from_file.async(
          spec.filePath ?? spec.modelPath,
          params,
          (error: unknown, model: bigint | null) => (error ? reject(error) : resolve(model)),
        );
      });
      if (pointer === null) throw new EngineError("LOAD_FAILED", "llama.cpp could not load the model");
      return new LlamaModel(library, pointer);
    } finally {
      overrides?.free();
    }
  }

  get pointer(): bigint {
    return this.#handle.pointer;
  }

  get vocabulary(): bigint {
    this.#handle.pointer;
    return this.#vocabulary;
  }

  /** A metadata value as text, as far as it fits 128 bytes; undefined where the file has none of that name. */
  metadata(key: string): string | undefined {
    const text = new Uint8Array(128);
    const length = this.library.c.llama_model_meta_val_str(this.pointer, key, text, text.length);
    return length < 0
      ? undefined
      : new TextDecoder().decode(text.subarray(0, Math.min(length, text.length - 1)));
  }

  isEndToken(token: number): boolean {
    return this.library.c.llama_vocab_is_eog(this.vocabulary, this.check(token));
  }

  isControl(token: number): boolean {
    return this.library.c.llama_vocab_is_control(this.vocabulary, this.check(token));
  }

  /** All tokens that end a generation. Asks for each token once: a quarter of a second for large vocabularies. */
  endTokens(): readonly number[] {
    this.#endTokens ??= Array.from({ length: this.vocabularySize }, (_, token) => token).filter((token) =>
      this.isEndToken(token),
    );
    return this.#endTokens;
  }

  tokenize(text: string, addSpecial: boolean): readonly number[] {
    const bytes = new TextEncoder().encode(text);
    let tokens = new Int32Array(bytes.length + 2);
    const fill = () =>
      this.library.c.llama_tokenize(
        this.vocabulary,
        bytes,
        bytes.length,
        tokens,
        tokens.length,
        addSpecial,
        true,
      );
    let count = fill();
    if (count < 0) {
      tokens = new Int32Array(-count);
      count = fill();
    }
    if (count < 0) throw new EngineError("INVALID_REQUEST", "the text is too long to be tokenized");
    return [...tokens.subarray(0, count)];
  }

  /** @param special  write special tokens as text; without it they are empty */
  piece(token: number, special: boolean): Uint8Array {
    const { c } = this.library;
    const id = this.check(token);
    const length = c.llama_token_to_piece(this.vocabulary, id, this.#piece, maxPieceBytes, 0, special);
    if (length >= 0) return this.#piece.slice(0, length);
    const large = new Uint8Array(-length);
    c.llama_token_to_piece(this.vocabulary, id, large, large.length, 0, special);
    return large;
  }

  detokenize(tokens: readonly number[]): string {
    for (const token of tokens) this.check(token);
    const ids = Int32Array.from(tokens);
    let text = new Uint8Array(tokens.length * 8 + 16);
    const fill = () =>
      this.library.c.llama_detokenize(this.vocabulary, ids, ids.length, text, text.length, false, true);
    let length = fill();
    if (length < 0) {
      text = new Uint8Array(-length);
      length = fill();
    }
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(text.subarray(0, Math.max(0, length)));
  }

  /** @throws EngineError `INVALID_REQUEST` for ids outside the vocabulary */
  check(token: number): number {
    if (!Number.isInteger(token) || token < 0 || token >= this.vocabularySize) {
      throw new EngineError(
        "INVALID_REQUEST",
        `token ${token} is not in the vocabulary of ${this.vocabularySize} tokens`,
      );
    }
    return token;
  }

  free(): void {
    this.#handle.free();
  }
}
