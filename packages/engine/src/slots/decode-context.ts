import type { CompletionRequest, TokenProbability } from "../engine.ts";

export type DecodeResult = "done" | "aborted" | "full";

/** `whole`: everything of a sequence; `partial`: only what cannot be rebuilt by cutting (window, recurrent state). */
export type StateKind = "whole" | "partial";

/** What the slot scheduler needs of a model with several sequences. The native driver and a toy of the tests are such. */
export interface DecodeContext {
  /** Per sequence. */
  readonly contextTokens: number;
  readonly batchTokens: number;
  readonly sequences: number;
  /** 0: every token attends to all before it. */
  readonly slidingWindowTokens: number;
  /** Sequences hold one state instead of their past. */
  readonly isRecurrent: boolean;
  readonly canShift: boolean;
  readonly vocabularySize: number;
  /** Most tokens that may be tried behind the one before in a decode; 0 where that cannot be taken back, or changes sums. */
  readonly draftTokens: number;

  /** Adds a token to the next decode. @returns the index by which its logits are asked for */
  add(sequence: number, token: number, position: number, wantsLogits: boolean): number;
  /** Takes the last `count` tokens that were added out of the next decode again. */
  takeBack(count: number): void;
  /** Runs everything added since the last decode. */
  decode(): Promise<DecodeResult>;
  /** Ends a running decode early, where the backend can. */
  abort(): void;

  /** Removes positions from `from` on. @returns false when that part cannot be removed */
  cut(sequence: number, from: number): boolean;
  /** First and last position held; both -1 when empty. */
  positions(sequence: number): { readonly first: number; readonly last: number };
  /** Removes [from, to) and moves what follows into its place. */
  shift(sequence: number, from: number, to: number): void;
  /** How long such a state is, before any memory is taken for it. */
  stateBytes(sequence: number, kind: StateKind): number;
  saveState(sequence: number, kind: StateKind): Uint8Array;
  /** @returns false when the state does not fit this context */
  restoreState(sequence: number, state: Uint8Array, kind: StateKind): boolean;

  /** A copy of the logits at an index of the last decode. */
  logits(index: number): Float32Array;
  /** @throws EngineError `INVALID_GRAMMAR`, `INVALID_REQUEST` */
  createSampler(request: CompletionRequest, prompt: readonly number[]): TokenSampler;

  tokenize(text: string, addSpecial: boolean): readonly number[];
  isEndToken(token: number): boolean;
  piece(token: number, special: boolean): Uint8Array;
  /** @throws EngineError `INVALID_REQUEST` for ids outside the vocabulary */
  check(token: number): number;
}

export interface SampledToken {
  readonly token: number;
  /** Where the request asked for them. */
  readonly logprobs?: TokenProbability & { readonly top: readonly TokenProbability[] };
}

export interface TokenSampler {
  /** Chooses from the logits of the last decode, or from a copy of earlier ones. */
  sample(from: number | Float32Array): SampledToken;
  free(): void;
}
