import type { CompletionRequest } from "../../engine.ts";
import { EngineError } from "../../errors.ts";
import type { RunnerSpec } from "../../ipc/messages.ts";
import type { DecodeContext, DecodeResult, StateKind, TokenSampler } from "../../slots/decode-context.ts";
import { ThreadGovernor } from "../../slots/thread-governor.ts";
import { Batch } from "./batch.ts";
import { canDraft, canPoolLast, contextParams, mostThreads, usesGpu } from "./context-params.ts";
import { Handle } from "./handle.ts";
import type { LlamaModel } from "./model.ts";
import { NativeMemory, viewFloats } from "./native-memory.ts";
import { createSampler } from "./sampler.ts";

const partialStateFlag = 1;
const mostViews = 64;
/** More than a `struct ggml_tensor` has: `ggml_is_empty` looks at some of it. */
const abortFlagBytes = 512;
const goOn = 1;
const stop = 0;

interface Limits {
  /** Tokens with logits in one decode. */
  readonly mostOutputs: number;
  readonly draftTokens: number;
  readonly poolsLast: boolean;
  /** Most threads, where other programs may take the processor. */
  readonly governedThreads: number | undefined;
}

/**
 * The sequences of a model. Everything that would fail an assertion in C, which ends the process, is checked
 * before the call. One decode runs at a time, on the worker thread; nothing else touches the context meanwhile.
 */
export class LlamaContext implements DecodeContext {
  readonly contextTokens: number;
  readonly batchTokens: number;
  readonly sequences: number;
  readonly slidingWindowTokens: number;
  readonly isRecurrent: boolean;
  readonly canShift: boolean;
  readonly vocabularySize: number;
  readonly poolingType: number;
  readonly draftTokens: number;
  /** What the model says of a text is read off its last token; the others may be read without embeddings. */
  readonly poolsLast: boolean;
  readonly #model: LlamaModel;
  readonly #handle: Handle;
  readonly #memory: bigint | null;
  readonly #batch: Batch;
  /** With more in one decode llama.cpp ends the process. */
  readonly #mostOutputs: number;
  readonly #abortFlag = new NativeMemory(abortFlagBytes);
  readonly #flag: Uint8Array;
  readonly #governor: ThreadGovernor | undefined;
  /** Each would count as another megabyte that V8 must collect. */
  readonly #logitViews = new Map<bigint, Float32Array>();
  /** Decodes that ended. */
  steps = 0;
  #threads = 0;
  #decoding = false;
  #outputsReady = false;

  private constructor(model: LlamaModel, pointer: bigint, limits: Limits) {
    const { governedThreads } = limits;
    const { c, isEmptyAddress } = model.library;
    this.#model = model;
    this.#handle = new Handle("context", pointer, (context) => c.llama_free(context));
    this.#mostOutputs = limits.mostOutputs;
    this.draftTokens = limits.draftTokens;
    this.poolsLast = limits.poolsLast;
    this.#memory = c.llama_get_memory(pointer);
    this.contextTokens = c.llama_n_ctx_seq(pointer);
    // llama.cpp lowers what was asked for where the context is smaller.
    this.batchTokens = Math.min(c.llama_n_batch(pointer), c.llama_n_ubatch(pointer));
    this.sequences = c.llama_n_seq_max(pointer);
    this.slidingWindowTokens = model.slidingWindowTokens;
    this.isRecurrent = model.isRecurrent;
    this.canShift = this.#memory !== null && c.llama_memory_can_shift(this.#memory);
    this.vocabularySize = model.vocabularySize;
    this.poolingType = c.llama_pooling_type(pointer);
    this.#batch = new Batch(this.batchTokens);
    if (governedThreads !== undefined) {
      this.#governor = new ThreadGovernor(governedThreads, () => performance.now());
    }
    this.#flag = new Uint8Array(this.#abortFlag.buffer);
    this.#flag.fill(goOn);
    // "Is this tensor empty?" asked of the flag is a C function that says when to stop.
    c.llama_set_abort_callback(pointer, isEmptyAddress, this.#abortFlag.pointer);
  }

  /** @throws EngineError `LOAD_FAILED`; the reason stands in what llama.cpp wrote to stderr */
  static create(model: LlamaModel, spec: RunnerSpec): LlamaContext {
    const { c } = model.library;
    const isOnGpu = usesGpu(model, spec);
    const draftTokens = canDraft(model, spec, isOnGpu) ? spec.draftTokens : 0;
    const { poolsLast = false } = spec;
    const params = contextParams(c.llama_context_default_params(), model, { ...spec, draftTokens });
    const pointer = c.llama_init_from_model(model.pointer, params);
    if (pointer === null) {
      const tokens = spec.contextTokens * spec.parallel;
      throw new EngineError("LOAD_FAILED", `llama.cpp could not make a context of ${tokens} tokens`);
    }
    if (poolsLast && !canPoolLast(model, pointer)) {
      c.llama_free(pointer);
      return LlamaContext.create(model, { ...spec, poolsLast: false });
    }
    // With a GPU, threads that wait for it look like threads that others keep from running.
    const governedThreads = isOnGpu ? undefined : mostThreads(spec);
    const mostOutputs = Number(params["n_outputs_max"]) || Number.POSITIVE_INFINITY;
    return new LlamaContext(model, pointer, { mostOutputs, draftTokens, poolsLast, governedThreads });
  }

  add(sequence: number, token: number, position: number, wantsLogits: boolean): number {
    // C reads the batch while it decodes, and its memory goes with the context.
    this.#checkIdle();
    this.#checkSequence(sequence);
    if (!Number.isInteger(position) || position < 0 || position >= this.contextTokens) {
      throw new RangeError(`position ${position} is outside the context of ${this.contextTokens} tokens`);
    }
    if (wantsLogits && this.#batch.outputs >= this.#mostOutputs) {
      throw new RangeError(`a decode gives logits for ${this.#mostOutputs} tokens at most`);
    }
    return this.#batch.add(this.#model, { sequence, token, position, output: wantsLogits });
  }

  takeBack(count: number): void {
    this.#checkIdle();
    this.#batch.takeBack(count);
  }

  async decode(): Promise<DecodeResult> {
    this.#checkIdle();
    if (this.#batch.length === 0) return "done";
    this.#decoding = true;
    this.#outputsReady = false;
    this.#flag.fill(goOn);
    const { c } = this.#model.library;
    const batch = this.#batch.toStruct();
    this.#batch.clear();
    const governor = this.#governor;
    // llama.cpp writes a line about each call.
    if (governor !== undefined && governor.threads !== this.#threads) {
      this.#threads = governor.threads;
      c.llama_set_n_threads(this.#handle.pointer, governor.threads, governor.threads);
    }
    const begun = { at: performance.now(), cpu: process.cpuUsage() };
    try {
      const result = await new Promise<number>((resolve, reject) => {
        c.llama_decode.async(this.#handle.pointer, batch, (error: unknown, value: number) =>
          error ? reject(error) : resolve(value),
        );
      });
      this.steps += 1;
      const { user, system } = process.cpuUsage(begun.cpu);
      governor?.record(performance.now() - begun.at, (user + system) / 1000);
      return this.#decodeResult(result);
    } finally {
      this.#decoding = false;
    }
  }

  abort(): void {
    if (this.#decoding) this.#flag.fill(stop);
  }

  cut(sequence: number, from: number): boolean {
    this.#checkSequence(sequence);
    this.#checkIdle();
    if (this.#memory === null) return true;
    return this.#model.library.c.llama_memory_seq_rm(this.#memory, sequence, from, -1);
  }

  positions(sequence: number): { readonly first: number; readonly last: number } {
    this.#checkSequence(sequence);
    this.#checkIdle();
    if (this.#memory === null) return { first: -1, last: -1 };
    const { c } = this.#model.library;
    return {
      first: c.llama_memory_seq_pos_min(this.#memory, sequence),
      last: c.llama_memory_seq_pos_max(this.#memory, sequence),
    };
  }

  shift(sequence: number, from: number, to: number): void {
    this.#checkSequence(sequence);
    this.#checkIdle();
    if (!this.canShift || this.#memory === null || from < 0 || to <= from) {
      throw new RangeError(`positions ${from} to ${to} of this context cannot be shifted away`);
    }
    const { c } = this.#model.library;
    c.llama_memory_seq_rm(this.#memory, sequence, from, to);
    c.llama_memory_seq_add(this.#memory, sequence, to, -1, from - to);
  }

  stateBytes(sequence: number, kind: StateKind): number {
    this.#checkSequence(sequence);
    this.#checkIdle();
    const flags = kind === "partial" ? partialStateFlag : 0;
    return this.#model.library.c.llama_state_seq_get_size_ext(this.#handle.pointer, sequence, flags);
  }

  saveState(sequence: number, kind: StateKind): Uint8Array {
    this.#checkSequence(sequence);
    this.#checkIdle();
    const { c } = this.#model.library;
    const flags = kind === "partial" ? partialStateFlag : 0;
    const size = this.stateBytes(sequence, kind);
    const state = new Uint8Array(size);
    const written = c.llama_state_seq_get_data_ext(this.#handle.pointer, state, size, sequence, flags);
    if (written !== size)
      throw new EngineError("INTERNAL", `a sequence state has ${written} of ${size} bytes`);
    return state;
  }

  restoreState(sequence: number, state: Uint8Array, kind: StateKind): boolean {
    this.#checkSequence(sequence);
    this.#checkIdle();
    const { c } = this.#model.library;
    const flags = kind === "partial" ? partialStateFlag : 0;
    return c.llama_state_seq_set_data_ext(this.#handle.pointer, state, state.length, sequence, flags) > 0;
  }

  /** Logits where they lie; they change with the next decode. */
  viewLogits(index: number): Float32Array {
    this.#checkOutput(index);
    const pointer = this.#model.library.c.llama_get_logits_ith(this.#handle.pointer, index);
    let view = pointer === null ? undefined : this.#logitViews.get(pointer);
    if (view === undefined) {
      view = viewFloats(pointer, this.vocabularySize);
      if (this.#logitViews.size >= mostViews) this.#logitViews.clear();
      if (pointer !== null) this.#logitViews.set(pointer, view);
    }
    return view;
  }

  logits(index: number): Float32Array {
    return this.viewLogits(index).slice();
  }

  /** Whether the next decodes make embeddings, of all their tokens, or logits of those that want them. */
  makeEmbeddings(isWanted: boolean): void {
    this.#checkIdle();
    this.#model.library.c.llama_set_embeddings(this.#handle.pointer, isWanted);
  }

  /** A copy of what the model says about a whole sequence of the last decode. */
  pooled(sequence: number, count: number): Float32Array {
    this.#checkSequence(sequence);
    this.#checkIdle();
    return viewFloats(
      this.#model.library.c.llama_get_embeddings_seq(this.#handle.pointer, sequence),
      count,
    ).slice();
  }

  /** Samples and tells the sampler what it chose. */
  sample(sampler: bigint, index: number): number {
    this.#checkOutput(index);
    return this.#model.library.c.llama_sampler_sample(sampler, this.#handle.pointer, index);
  }

  createSampler(request: CompletionRequest, prompt: readonly number[]): TokenSampler {
    return createSampler(this.#model, this, { request, prompt });
  }

  setAdapters(adapters: readonly { readonly pointer: bigint; readonly scale: number }[]): void {
    const pointers = BigUint64Array.from(adapters, ({ pointer }) => pointer);
    const scales = Float32Array.from(adapters, ({ scale }) => scale);
    const { c } = this.#model.library;
    const result = c.llama_set_adapters_lora(this.#handle.pointer, pointers, pointers.length, scales);
    if (result !== 0) throw new EngineError("LOAD_FAILED", "llama.cpp refused the LoRA adapters");
  }

  tokenize(text: string, addSpecial: boolean): readonly number[] {
    return this.#model.tokenize(text, addSpecial);
  }

  isEndToken(token: number): boolean {
    return this.#model.isEndToken(token);
  }

  piece(token: number, special: boolean): Uint8Array {
    return this.#model.piece(token, special);
  }

  check(token: number): number {
    return this.#model.check(token);
  }

  /** Forgets every sequence. */
  clear(): void {
    this.#checkIdle();
    if (this.#memory !== null) this.#model.library.c.llama_memory_clear(this.#memory, false);
  }

  free(): void {
    this.#checkIdle();
    this.#handle.free();
    this.#batch.free();
    this.#abortFlag.free();
  }

  #decodeResult(result: number): DecodeResult {
    switch (result) {
      case 0:
        this.#outputsReady = true;
        return "done";
      case 1:
        return "full";
      case 2:
        return "aborted";
      default:
        throw new EngineError("INTERNAL", `llama.cpp could not run the batch (${result})`);
    }
  }

  #checkSequence(sequence: number): void {
    if (!Number.isInteger(sequence) || sequence < 0 || sequence >= this.sequences) {
      throw new RangeError(`sequence ${sequence} is not one of ${this.sequences}`);
    }
  }

  #checkIdle(): void {
    this.#handle.pointer;
    if (this.#decoding) throw new Error("the context was touched while a decode is running");
  }

  #checkOutput(index: number): void {
    this.#checkIdle();
    if (!this.#outputsReady || !this.#batch.hasOutput(index)) {
      throw new RangeError(`token ${index} of the last decode has no logits`);
    }
  }
}
