import type { DecodeContext } from "./decode-context.ts";
import type { Draft } from "./draft-planner.ts";
import { planBatch } from "./plan-batch.ts";
import type { Slot } from "./slot.ts";

/** What a decode carries of a slot. */
export interface Share {
  readonly tokens: number;
  /** Index of the logits of the last of them, if that is the last of all; those of a draft follow. */
  readonly output: number | undefined;
  readonly draft?: Draft | undefined;
}

export type Outputs = ReadonlyMap<Slot, Share>;

interface FillOptions {
  /** For the only slot. */
  readonly draft: Draft | undefined;
  /** A token of a slot could not be added: none of its tokens is in the decode. */
  readonly failed: (slot: Slot, error: unknown) => void;
}

/** Adds to the next decode what of each slot fits. */
export function fillBatch(
  context: DecodeContext,
  active: readonly Slot[],
  { draft, failed }: FillOptions,
): Outputs {
  const candidates = active.map((slot) => ({
    slot,
    pending: slot.pending,
    isInteractive: slot.job?.turn.priority !== "batch",
    number: slot.job?.number ?? 0,
  }));
  const outputs = new Map<Slot, Share>();
  for (const { of, tokens } of planBatch(candidates, context.batchTokens)) {
    const { slot } = of;
    try {
      outputs.set(slot, { tokens, output: addTokens(context, slot, { tokens, draft }), draft });
    } catch (error) {
      failed(slot, error);
    }
  }
  return outputs;
}

function addTokens(
  context: DecodeContext,
  slot: Slot,
  { tokens, draft }: Omit<Share, "output">,
): number | undefined {
  const drafted = draft?.tokens ?? [];
  slot.checkpointBefore(tokens + drafted.length);
  let output: number | undefined;
  let added = 0;
  const add = (token: number, position: number, wantsLogits: boolean) => {
    const at = context.add(slot.sequence, token, position, wantsLogits);
    added += 1;
    return at;
  };
  try {
    for (let index = slot.held; index < slot.held + tokens; index++) {
      const isLast = index === slot.tokens.length - 1;
      const at = add(slot.tokens[index] ?? 0, index, isLast);
      if (isLast) output = at;
    }
    for (const [index, token] of drafted.entries()) add(token, slot.tokens.length + index, true);
    return output;
  } catch (error) {
    // The sequence is about to be emptied: what stayed here would come at a wrong place, which fails the whole decode.
    context.takeBack(added);
    throw error;
  }
}

/** Of the one token in a decode of one stream; undefined if they cannot be had. */
export function logitsOf(context: DecodeContext, outputs: Outputs): Float32Array | undefined {
  const [share] = outputs.values();
  try {
    return share?.output === undefined ? undefined : context.logits(share.output);
  } catch {
    return undefined;
  }
}
