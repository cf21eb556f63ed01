import type { SamplingParameters } from "../../engine.ts";
import { likelyTokens } from "../../slots/most-likely.ts";
import type { SomeTokens } from "./candidates.ts";
import type { LlamaModel } from "./model.ts";
import { adjustWindow, biasesOf } from "./sampler-chain.ts";

const mostCandidates = 2_048;

/**
 * The tokens whose logits a bias, a penalty or DRY may change: those with a bias, and those of the last part of the
 * text. All others keep theirs, so that a choice among the K best is a choice among these and the K best of the rest.
 */
export class AffectedTokens {
  readonly #window: number;
  readonly #recent: number[] = [];
  readonly #counts = new Map<number, number>();

  constructor(model: LlamaModel, sampling: SamplingParameters, contextTokens: number) {
    this.#window = adjustWindow(sampling, contextTokens);
    for (const { token } of biasesOf(model, sampling)) this.#count(token, 1);
  }

  accept(token: number): void {
    if (this.#window === 0) return;
    this.#recent.push(token);
    this.#count(token, 1);
    if (this.#recent.length > this.#window) this.#count(this.#recent.shift() ?? 0, -1);
  }

  /** Whether the array of all tokens is no slower than `candidates` would be. */
  isMany(among: number): boolean {
    return among + this.#counts.size > mostCandidates;
  }

  /** Tokens that hold the `among` best whatever the samplers do to them, in order of id. */
  candidates(logits: Float32Array, among: number): SomeTokens {
    const unordered = new Set(likelyTokens(logits, among + this.#counts.size));
    for (const id of this.#counts.keys()) unordered.add(id);
    const ids = Int32Array.from(unordered).sort();
    return { ids, logits: Float32Array.from(ids, (id) => logits[id] ?? 0) };
  }

  #count(token: number, change: 1 | -1): void {
    const count = (this.#counts.get(token) ?? 0) + change;
    if (count > 0) this.#counts.set(token, count);
    else this.#counts.delete(token);
  }
}
