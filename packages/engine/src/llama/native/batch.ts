import type { LlamaModel } from "./model.ts";
import { NativeMemory } from "./native-memory.ts";

/** Tokens of one decode in memory that C keeps reading while it runs. One token belongs to one sequence. */
export class Batch {
  readonly capacity: number;
  readonly #memory: NativeMemory;
  readonly #tokens: Int32Array;
  readonly #positions: Int32Array;
  readonly #sequences: Int32Array;
  readonly #wantsLogits: Int8Array;
  readonly #pointers: { readonly [field: string]: bigint | null };
  #length = 0;
  #outputs = 0;
  #decoded = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    // Eight-byte fields first, so that every part is aligned.
    const at = {
      seq_id: 0,
      token: capacity * 8,
      pos: capacity * 12,
      n_seq_id: capacity * 16,
      sequences: capacity * 20,
      logits: capacity * 24,
    };
    this.#memory = new NativeMemory(capacity * 25);
    const { buffer, pointer } = this.#memory;
    this.#tokens = new Int32Array(buffer, at.token, capacity);
    this.#positions = new Int32Array(buffer, at.pos, capacity);
    this.#sequences = new Int32Array(buffer, at.sequences, capacity);
    this.#wantsLogits = new Int8Array(buffer, at.logits, capacity);
    new Int32Array(buffer, at.n_seq_id, capacity).fill(1);
    const addresses = new BigUint64Array(buffer, at.seq_id, capacity);
    for (let index = 0; index < capacity; index++) {
      addresses[index] = pointer + BigInt(at.sequences + index * 4);
    }
    this.#pointers = {
      token: pointer + BigInt(at.token),
      embd: null,
      pos: pointer + BigInt(at.pos),
      n_seq_id: pointer + BigInt(at.n_seq_id),
      seq_id: pointer,
      logits: pointer + BigInt(at.logits),
    };
  }

  get length(): number {
    return this.#length;
  }

  /** How many of its tokens want logits. */
  get outputs(): number {
    return this.#outputs;
  }

  /** @returns the token's index @throws RangeError when the batch is full */
  add(
    model: LlamaModel,
    entry: { sequence: number; token: number; position: number; output: boolean },
  ): number {
    const index = this.#length;
    if (index >= this.capacity) throw new RangeError(`a batch holds ${this.capacity} tokens`);
    this.#tokens[index] = model.check(entry.token);
    this.#positions[index] = entry.position;
    this.#sequences[index] = entry.sequence;
    this.#wantsLogits[index] = entry.output ? 1 : 0;
    if (entry.output) this.#outputs += 1;
    this.#length = index + 1;
    return index;
  }

  /** Takes the last `count` tokens out again. */
  takeBack(count: number): void {
    const length = Math.max(0, this.#length - count);
    for (let index = length; index < this.#length; index++) this.#outputs -= this.#wantsLogits[index] ?? 0;
    this.#length = length;
  }

  /** Whether token `at` of the last decode has logits. */
  hasOutput(at: number): boolean {
    return Number.isInteger(at) && at >= 0 && at < this.#decoded && this.#wantsLogits[at] === 1;
  }

  /** The C struct, by value. */
  toStruct(): object {
    return { n_tokens: this.#length, ...this.#pointers };
  }

  /** Begins the next decode; the outputs of this one stay known until tokens are added. */
  clear(): void {
    this.#decoded = this.#length;
    this.#length = 0;
    this.#outputs = 0;
  }

  free(): void {
    this.#memory.free();
  }
}
