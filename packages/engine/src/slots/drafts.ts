import type { DecodeContext } from "./decode-context.ts";
import { type Draft, DraftPlanner } from "./draft-planner.ts";
import type { Outputs } from "./fill-batch.ts";
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

  /** How long a decode took. Only those of one stream's next token, and what was drafted behind it, tell anything. */
  record(outputs: Outputs, ms: number): void {
    const [share, ...others] = outputs.values();
    if (share?.tokens === 1 && others.length === 0) this.#planner.record(share.draft?.tokens.length ?? 0, ms);
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
