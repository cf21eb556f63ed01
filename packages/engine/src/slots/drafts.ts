import type { DecodeContext } from "./decode-context.ts";
import { type Draft, DraftPlanner } from "./draft-planner.ts";
import type { Slot } from "./slot.ts";

/** Decides what is tried, and remembers what trying has shown of a context. */
export class Drafts {
  readonly #context: DecodeContext;
  readonly #planner: DraftPlanner;
  #hasFailed = false;

  constructor(context: DecodeContext) {
    this.#context = context;
    this.#planner = new DraftPlanner(context.draftTokens);
  }

  /** A draft for a stream that runs alone: with others, their tokens fill the decode. */
  plan(running: readonly Slot[]): Draft | undefined {
    const [slot, ...others] = running;
    const { job } = slot ?? {};
    if (slot?.pending !== 1 || others.length > 0 || job?.run === undefined || this.#hasFailed)
      return undefined;
    const { maxTokens = -1 } = job.request;
    const toCome = maxTokens < 0 ? Number.POSITIVE_INFINITY : maxTokens - job.run.generatedTokens - 1;
    // The context must not have to shift between tokens of one decode.
    const { contextTokens, batchTokens } = this.#context;
    const room = Math.min(toCome, contextTokens - slot.held - 2, batchTokens - 1, slot.draftRoom);
    return this.#planner.plan(slot.tokens, job.run.acceptance, room);
  }

  /** How long a decode of the next token of one stream took, with so many drafted ones behind it. */
  record(drafted: number, ms: number): void {
    this.#planner.record(drafted, ms);
  }

  /** Whether it is not known yet if a draft of this length changes what comes out for the token before it. */
  isUnproven({ tokens }: Draft): boolean {
    return this.#planner.isProven(tokens.length) === undefined;
  }

  /** @param alone, together  logits of one token, decoded alone and before a draft */
  prove({ tokens }: Draft, alone: Float32Array, together: Float32Array): boolean {
    const isSame = isEqual(alone, together);
    this.#planner.prove(tokens.length, isSame);
    return isSame;
  }

  /** A decode with a draft failed, or could not be taken back: nobody had asked for it. */
  giveUp(): void {
    this.#hasFailed = true;
  }
}

/** To the bit. */
function isEqual(one: Float32Array, other: Float32Array): boolean {
  const [a, b] = [one, other].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  );
  return a !== undefined && b !== undefined && a.equals(b);
}
