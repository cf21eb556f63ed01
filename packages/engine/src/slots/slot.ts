import { type Checkpoint, forgets, makeRoomForCheckpoint, planResume } from "./checkpoint.ts";
import type { DecodeContext } from "./decode-context.ts";
import type { Job } from "./job.ts";
import type { SavedSequence } from "./state-cache.ts";

/** Tokens between two checkpoints; a window loses at most so many with one batch. */
const checkpointStride = 512;

/** One sequence of the context: what it remembers, and the job that it works on. */
export class Slot {
  readonly sequence: number;
  readonly #context: DecodeContext;
  readonly #stride: number;
  readonly #checkpointBytes: number;
  /** Tokens until a window's cells are used a second time; infinite without windows. */
  readonly #windowCells: number;
  /** Whether tokens lie in their order in memory. A window that went round, or was restored, may begin anywhere. */
  #isInOrder = true;
  /** Everything that shall be in the sequence; the first `held` tokens are. */
  tokens: number[] = [];
  held = 0;
  /** Drafted tokens that the sequence has behind those held. */
  #tried = 0;
  checkpoints: Checkpoint[] = [];
  /** What the model said at the end of the first `length` tokens. */
  promptLogits: { readonly length: number; readonly logits: Float32Array } | undefined;
  job: Job | undefined;
  lastUse = 0;
  /** What it holds is not known, and it could not be emptied either. */
  isBroken = false;

  /** @param checkpointBytes  memory that its checkpoints may take together */
  constructor(context: DecodeContext, sequence: number, checkpointBytes: number) {
    this.#checkpointBytes = checkpointBytes;
    this.#context = context;
    this.sequence = sequence;
    this.#stride = Math.min(checkpointStride, context.batchTokens);
    const { slidingWindowTokens, batchTokens, contextTokens } = context;
    this.#windowCells =
      slidingWindowTokens > 0
        ? Math.min(contextTokens, slidingWindowTokens + batchTokens)
        : Number.POSITIVE_INFINITY;
  }

  get pending(): number {
    return this.tokens.length - this.held;
  }

  /**
   * How many tokens may be tried here. What is cut off where a window's cells go round leaves a gap: the tokens after it
   * lie in other cells than without, and sums have another order.
   */
  get draftRoom(): number {
    return this.#isInOrder ? this.#windowCells - this.held - 1 : 0;
  }

  /** Forgets all but a beginning of at most `wanted` tokens. @returns how many stayed */
  keep(wanted: number): number {
    const from = this.held > 0 ? this.#context.positions(this.sequence).first : 0;
    const { length, checkpoint } = planResume(
      wanted,
      { length: this.held, from },
      { checkpoints: this.checkpoints, shape: this.#context },
    );
    const restored =
      checkpoint === undefined || this.#context.restoreState(this.sequence, checkpoint.state, "partial");
    if (!restored || (length < this.held && !this.#context.cut(this.sequence, length))) {
      this.clear();
      return 0;
    }
    if (checkpoint !== undefined || this.held > this.#windowCells) this.#isInOrder = false;
    this.held = length;
    this.tokens.length = length;
    this.checkpoints = this.checkpoints.filter(({ to }) => to <= length);
    if (this.promptLogits !== undefined && this.promptLogits.length !== length) {
      if (this.promptLogits.length > length) this.promptLogits = undefined;
    }
    return length;
  }

  clear(): void {
    this.#context.cut(this.sequence, 0);
    this.#forget();
  }

  /** Something failed in the middle: nothing that it holds is trusted any more. */
  abandon(): void {
    this.#forget();
    this.job = undefined;
    try {
      this.isBroken = !this.#context.cut(this.sequence, 0);
    } catch {
      this.isBroken = true;
    }
  }

  #forget(): void {
    this.tokens = [];
    this.held = 0;
    this.#tried = 0;
    this.#isInOrder = true;
    this.checkpoints = [];
    this.promptLogits = undefined;
  }

  /** A decode read these behind the held ones, which may turn out not to follow. */
  try(drafted: number): void {
    this.#tried = drafted;
  }

  /** The first of the tried tokens followed indeed, and stands in `tokens`. */
  acceptTried(): void {
    this.#tried -= 1;
    this.held += 1;
  }

  /** The rest of the tried tokens did not follow. */
  dropTried(): void {
    if (this.#tried === 0) return;
    this.rewind(this.#tried);
  }

  /** A job left: what was never read is dropped. */
  settle(): void {
    this.job = undefined;
    try {
      this.dropTried();
    } catch {
      this.abandon();
    }
    this.tokens.length = this.held;
  }

  save(): SavedSequence {
    return {
      tokens: this.tokens.slice(0, this.held),
      state: this.#context.saveState(this.sequence, "whole"),
      checkpoints: [...this.checkpoints],
    };
  }

  /** @returns false when the state could not be read; the slot is empty then */
  load({ tokens, state, checkpoints }: SavedSequence): boolean {
    this.clear();
    if (!this.#restore(state)) {
      this.clear();
      return false;
    }
    this.tokens = [...tokens];
    this.held = tokens.length;
    this.#isInOrder = this.#windowCells === Number.POSITIVE_INFINITY;
    this.checkpoints = [...checkpoints];
    return true;
  }

  #restore(state: Uint8Array): boolean {
    try {
      return this.#context.restoreState(this.sequence, state, "whole");
    } catch {
      return false; // As one that does not fit: the tokens are read again.
    }
  }

  /** Before `coming` tokens push others out of the window, what may be needed again is set aside. */
  checkpointBefore(coming: number): void {
    if (!forgets(this.#context) || this.held === 0) return;
    const last = this.checkpoints.at(-1)?.to ?? 0;
    if (this.held <= last || this.held + coming - last <= this.#stride) return;
    this.checkpoint();
  }

  /** A recurrent state can be had back only at the very lengths where it was set aside. */
  checkpointPromptEnd(): void {
    if (this.#context.isRecurrent && (this.checkpoints.at(-1)?.to ?? 0) < this.held) this.checkpoint();
  }

  checkpoint(): void {
    const size = this.#context.stateBytes(this.sequence, "partial");
    if (!makeRoomForCheckpoint(this.checkpoints, size, this.#checkpointBytes)) return;
    const { first } = this.#context.positions(this.sequence);
    const state = this.#context.saveState(this.sequence, "partial");
    this.checkpoints.push({ from: first, to: this.held, state });
  }

  /** Drops tokens in the middle and moves the rest to the left. */
  shift(from: number, to: number): void {
    this.#context.shift(this.sequence, from, to);
    this.tokens.splice(from, to - from);
    this.held -= to - from;
    this.checkpoints = [];
    this.promptLogits = undefined;
  }

  /** What a decode read behind the held tokens is cut off. @param read  how many at most */
  rewind(read: number): void {
    this.#tried = 0;
    if (this.held + read > this.#windowCells) this.#isInOrder = false;
    if (this.#context.cut(this.sequence, this.held)) return;
    const { tokens } = this;
    this.clear();
    this.tokens = tokens;
  }
}
