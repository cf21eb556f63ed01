import koffi from "koffi";
import type { Distribution } from "../../slots/token-logprobs.ts";
import type { LlamaModel } from "./model.ts";
import { NativeMemory } from "./native-memory.ts";

const dataBytes = 12;
const arrayBytes = 32;

/** Ids and, at the same places, their logits. */
export type SomeTokens = Required<Distribution>;

/**
 * `llama_token_data_array`: tokens with their logits, over which samplers and grammars can be run that are not
 * those of the last decode.
 */
export class Candidates {
  readonly #model: LlamaModel;
  readonly #data: NativeMemory;
  readonly #array = new NativeMemory(arrayBytes);
  /** Every token with a logit and a probability of nothing. */
  readonly #pattern: Int32Array;

  constructor(model: LlamaModel) {
    this.#model = model;
    this.#data = new NativeMemory(model.vocabularySize * dataBytes);
    this.#pattern = new Int32Array(model.vocabularySize * 3);
    for (let token = 0; token < model.vocabularySize; token++) this.#pattern[token * 3] = token;
  }

  /** Every token with its logit. */
  fill(logits: Float32Array): void {
    const floats = new Float32Array(this.#data.buffer);
    new Int32Array(this.#data.buffer).set(this.#pattern);
    for (let token = 0; token < logits.length; token++) floats[token * 3 + 1] = logits[token] ?? 0;
    this.#describe(logits.length);
  }

  /** Some tokens. */
  fillWith({ ids, logits }: SomeTokens): void {
    const words = new Int32Array(this.#data.buffer);
    const floats = new Float32Array(this.#data.buffer);
    for (let index = 0; index < ids.length; index++) {
      words[index * 3] = this.#model.check(ids[index] ?? 0);
      floats[index * 3 + 1] = logits[index] ?? 0;
      floats[index * 3 + 2] = 0;
    }
    this.#describe(ids.length);
  }

  apply(sampler: bigint): void {
    this.#model.library.c.llama_sampler_apply(sampler, this.#array.pointer);
  }

  /** The logits of the first `count` that were filled in, after samplers that change but do not sort. */
  logits(count: number): Float32Array {
    const floats = new Float32Array(this.#data.buffer);
    return Float32Array.from({ length: count }, (_, index) => floats[index * 3 + 1] ?? 0);
  }

  /** What the last sampler of a chain chose; undefined when it chose nothing. */
  selected(): number | undefined {
    const { ids, length } = this.#result();
    const index = Number(new DataView(this.#array.buffer).getBigInt64(16, true));
    return index < 0 || index >= length ? undefined : ids[index * 3];
  }

  /** A copy of what the samplers left. */
  remaining(): SomeTokens {
    const { ids, logits, length } = this.#result();
    return {
      ids: Int32Array.from({ length }, (_, index) => ids[index * 3] ?? 0),
      logits: Float32Array.from({ length }, (_, index) => logits[index * 3 + 1] ?? 0),
    };
  }

  /** Samplers may have put another array in the place of ours. */
  #result() {
    const view = new DataView(this.#array.buffer);
    const length = Number(view.getBigUint64(8, true));
    const data = koffi.view(view.getBigUint64(0, true), length * dataBytes);
    return { ids: new Int32Array(data), logits: new Float32Array(data), length };
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
