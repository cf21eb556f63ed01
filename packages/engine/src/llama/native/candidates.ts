import koffi from "koffi";
import type { LlamaModel } from "./model.ts";
import { NativeMemory } from "./native-memory.ts";

const dataBytes = 12;
const arrayBytes = 32;

/**
 * `llama_token_data_array` over a whole vocabulary, for sampling from logits that are not those of the last
 * decode and for asking a grammar about single tokens.
 */
export class Candidates {
  readonly #model: LlamaModel;
  readonly #data: NativeMemory;
  readonly #array = new NativeMemory(arrayBytes);
  readonly #pattern: Int32Array;

  constructor(model: LlamaModel) {
    this.#model = model;
    this.#data = new NativeMemory(model.vocabularySize * dataBytes);
    this.#pattern = new Int32Array(model.vocabularySize * 3);
    for (let token = 0; token < model.vocabularySize; token++) this.#pattern[token * 3] = token;
  }

  /** Every token with its logit. */
  fill(logits: Float32Array): void {
    const words = new Int32Array(this.#data.buffer);
    const floats = new Float32Array(this.#data.buffer);
    words.set(this.#pattern);
    for (let token = 0; token < logits.length; token++) floats[token * 3 + 1] = logits[token] ?? 0;
    this.#describe(logits.length);
  }

  apply(sampler: bigint): void {
    this.#model.library.c.llama_sampler_apply(sampler, this.#array.pointer);
  }

  /** What the last sampler of a chain chose; undefined when it chose nothing. */
  selected(): number | undefined {
    const view = new DataView(this.#array.buffer);
    const size = Number(view.getBigUint64(8, true));
    const index = Number(view.getBigInt64(16, true));
    if (index < 0 || index >= size) return undefined;
    // Samplers may have put another array in the place of ours.
    const data = koffi.view(view.getBigUint64(0, true), size * dataBytes);
    return new DataView(data).getInt32(index * dataBytes, true);
  }

  /** Whether a grammar lets this token come next. */
  allows(grammar: bigint, token: number): boolean {
    const view = new DataView(this.#data.buffer);
    view.setInt32(0, token, true);
    view.setFloat32(4, 1, true);
    view.setFloat32(8, 0, true);
    this.#describe(1);
    this.apply(grammar);
    return view.getFloat32(4, true) !== Number.NEGATIVE_INFINITY;
  }

  free(): void {
    this.#data.free();
    this.#array.free();
  }

  #describe(size: number): void {
    const view = new DataView(this.#array.buffer);
    view.setBigUint64(0, this.#data.pointer, true);
    view.setBigUint64(8, BigInt(size), true);
    view.setBigInt64(16, -1n, true);
    view.setUint8(24, 0);
  }
}
