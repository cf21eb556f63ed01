import type { CompletionRequest } from "../../src/engine.ts";
import { EngineError } from "../../src/errors.ts";
import type { DecodeContext, DecodeResult, StateKind, TokenSampler } from "../../src/slots/decode-context.ts";

export interface ToyOptions {
  readonly sequences?: number;
  readonly contextTokens?: number;
  readonly batchTokens?: number;
  readonly slidingWindowTokens?: number;
  readonly isRecurrent?: boolean;
  readonly draftTokens?: number;
  /** Most tokens are those of so many places before. */
  readonly repeats?: number;
  /** Several tokens of one sequence in a decode change each other's logits a little, as on most processors. */
  readonly isInexact?: boolean;
}

interface Cell {
  readonly position: number;
  readonly token: number;
}

const vocabulary = 1000;
const endToken = 999;
/** Of so many places one follows from the whole past, where others repeat. */
const unrepeated = 29;

/**
 * A model whose next token is a sum over all it should remember, so that anything forgotten, mixed up or read
 * twice changes the answer. It forgets as llama.cpp does: windows slide, recurrent states cannot be cut.
 * Tokens are code points below 1000; 999 ends an answer.
 */
export class ToyContext implements DecodeContext {
  readonly sequences: number;
  readonly contextTokens: number;
  readonly batchTokens: number;
  readonly slidingWindowTokens: number;
  readonly isRecurrent: boolean;
  readonly canShift = true;
  readonly vocabularySize = vocabulary;
  readonly draftTokens: number;
  readonly #repeats: number;
  readonly #isInexact: boolean;
  /** What each decode carried: tokens per sequence. */
  readonly decodes: ReadonlyMap<number, number>[] = [];
  readonly #cells: Cell[][];
  #batch: { sequence: number; cell: Cell; output: boolean }[] = [];
  #outputs: Float32Array[] = [];
  #abort = false;
  /** Called while a decode runs. */
  duringDecode: () => void = () => {};

  constructor(options: ToyOptions = {}) {
    this.sequences = options.sequences ?? 2;
    this.contextTokens = options.contextTokens ?? 10_000;
    this.batchTokens = options.batchTokens ?? 64;
    this.slidingWindowTokens = options.slidingWindowTokens ?? 0;
    this.isRecurrent = options.isRecurrent ?? false;
    this.draftTokens = this.isRecurrent ? 0 : (options.draftTokens ?? 0);
    this.#repeats = options.repeats ?? 0;
    this.#isInexact = options.isInexact ?? false;
    this.#cells = Array.from({ length: this.sequences }, () => []);
  }

  add(sequence: number, token: number, position: number, wantsLogits: boolean): number {
    if (this.#batch.length >= this.batchTokens) throw new RangeError("the batch is full");
    if (position >= this.contextTokens) throw new RangeError("the context is full");
    return this.#batch.push({ sequence, cell: { position, token }, output: wantsLogits }) - 1;
  }

  takeBack(count: number): void {
    this.#batch.length -= count;
  }

  async decode(): Promise<DecodeResult> {
    const batch = this.#batch;
    this.#batch = [];
    this.#abort = false;
    const counts = new Map<number, number>();
    for (const { sequence } of batch) counts.set(sequence, (counts.get(sequence) ?? 0) + 1);
    this.decodes.push(counts);
    await new Promise((resolve) => setImmediate(resolve));
    this.duringDecode();
    this.#outputs = [];
    for (const [index, { sequence, cell, output }] of batch.entries()) {
      if (this.#abort && index >= batch.length / 2) return "aborted";
      const cells = this.#of(sequence);
      const last = cells.at(-1)?.position ?? -1;
      if (cell.position !== last + 1) throw new Error(`position ${cell.position} comes after ${last}`);
      cells.push(cell);
      if (!output) continue;
      const logits = this.#predict(cells);
      if (this.#isInexact && (counts.get(sequence) ?? 0) > 1) logits[0] = 1e-7;
      this.#outputs[index] = logits;
    }
    this.#slide();
    return "done";
  }

  abort(): void {
    this.#abort = true;
  }

  /** Forgets what was added since the last decode. */
  dropBatch(): void {
    this.#batch = [];
  }

  cut(sequence: number, from: number): boolean {
    const cells = this.#of(sequence);
    const kept = cells.filter(({ position }) => position < from);
    if (this.isRecurrent && kept.length > 0 && kept.length < cells.length) return false;
    this.#cells[sequence] = kept;
    return true;
  }

  positions(sequence: number): { readonly first: number; readonly last: number } {
    const cells = this.#of(sequence);
    return { first: cells[0]?.position ?? -1, last: cells.at(-1)?.position ?? -1 };
  }

  shift(sequence: number, from: number, to: number): void {
    this.#cells[sequence] = this.#of(sequence)
      .filter(({ position }) => position < from || position >= to)
      .map((cell) => (cell.position < from ? cell : { ...cell, position: cell.position - (to - from) }));
  }

  stateBytes(sequence: number, kind: StateKind): number {
    return this.saveState(sequence, kind).length;
  }

  saveState(sequence: number, _kind: StateKind): Uint8Array {
    return new TextEncoder().encode(JSON.stringify(this.#of(sequence)));
  }

  restoreState(sequence: number, state: Uint8Array, _kind: StateKind): boolean {
    this.#cells[sequence] = JSON.parse(new TextDecoder().decode(state));
    return true;
  }

  logits(index: number): Float32Array {
    const logits = this.#outputs[index];
    if (logits === undefined) throw new RangeError(`token ${index} has no logits`);
    return logits;
  }

  createSampler(request: CompletionRequest): TokenSampler {
    if (request.grammar === "bad") throw new EngineError("INVALID_GRAMMAR", "bad");
    return {
      sample: (from) => {
        const logits = typeof from === "number" ? this.logits(from) : from;
        return { token: logits.indexOf(1) };
      },
      free: () => {},
    };
  }

  tokenize(text: string, addSpecial: boolean): readonly number[] {
    return [...(addSpecial ? [1] : []), ...[...text].map((character) => character.codePointAt(0) ?? 0)];
  }

  isEndToken(token: number): boolean {
    return token === endToken;
  }

  piece(token: number): Uint8Array {
    return new TextEncoder().encode(String.fromCodePoint(token));
  }

  check(token: number): number {
    if (token < 0 || token >= vocabulary) throw new EngineError("INVALID_REQUEST", `no token ${token}`);
    return token;
  }

  /** What the model would say with nothing remembered wrongly. */
  expected(prompt: readonly number[], count: number): number[] {
    const cells = prompt.map((token, position) => ({ token, position }));
    const answer: number[] = [];
    for (let index = 0; index < count; index++) {
      const token = this.#predict(cells).indexOf(1);
      answer.push(token);
      cells.push({ token, position: cells.length });
    }
    return answer;
  }

  #of(sequence: number): Cell[] {
    const cells = this.#cells[sequence];
    if (cells === undefined) throw new RangeError(`no sequence ${sequence}`);
    return cells;
  }

  /** Windows keep one batch more than they need, as llama.cpp's do. */
  #slide(): void {
    if (this.slidingWindowTokens === 0) return;
    for (const [sequence, cells] of this.#cells.entries()) {
      this.#cells[sequence] = cells.slice(-(this.slidingWindowTokens + this.batchTokens));
    }
  }

  #predict(cells: readonly Cell[]): Float32Array {
    const window = this.slidingWindowTokens > 0 ? this.slidingWindowTokens : cells.length;
    const last = cells.at(-1)?.position ?? 0;
    const seen = cells.filter(({ position }) => position > last - window);
    if (this.slidingWindowTokens > 0 && seen.length < Math.min(window, last + 1)) {
      throw new Error("the window was not complete");
    }
    const sum = seen.reduce((hash, { token, position }) => (hash * 31 + token * 7 + position) % 99_991, 17);
    const before = cells.find(({ position }) => position === last + 1 - this.#repeats);
    const isRepeated = this.#repeats > 0 && before !== undefined && (last + 1) % unrepeated !== 0;
    const logits = new Float32Array(vocabulary);
    logits[isRepeated ? before.token : (sum % 900) + 2] = 1;
    return logits;
  }
}
