import type { DecodeContext } from "./decode-context.ts";
import type { Job, JobRun } from "./job.ts";
import type { Slot } from "./slot.ts";

export interface JobEnd {
  readonly reason: "stop" | "length";
  readonly stopSequence?: string;
}

interface Turn {
  readonly context: DecodeContext;
  readonly slot: Slot;
  readonly job: Job;
  readonly run: JobRun;
  readonly from: number | Float32Array;
}

/** Samples one token and shows its text. @returns how the answer ends with it, if it does */
export function takeToken({ context, slot, job, run, from }: Turn): JobEnd | undefined {
  const { request } = job;
  const limit = request.maxTokens === undefined || request.maxTokens < 0 ? Infinity : request.maxTokens;
  if (limit === 0) {
    run.firstTokenAt = performance.now();
    return { reason: "length" };
  }
  const sampled = run.sampler.sample(from);
  run.firstTokenAt ??= performance.now();
  if (sampled.token === run.expected) run.acceptedTokens += 1;
  if (context.isEndToken(sampled.token)) return { reason: "stop" };
  slot.tokens.push(sampled.token);
  run.generatedTokens += 1;
  const { delta, stop } = run.text.push(sampled);
  if (delta !== undefined) job.events.push(delta);
  if (stop !== undefined) return { reason: "stop", stopSequence: stop };
  if (run.generatedTokens >= limit) return { reason: "length" };
  if (slot.held < context.contextTokens) return undefined;
  return makeRoomFor({ context, slot, job }) ? undefined : { reason: "length" };
}

/** The context is full: half of what follows the kept beginning goes. @returns false when it must end here */
function makeRoomFor({ context, slot, job }: Pick<Turn, "context" | "slot" | "job">): boolean {
  const { contextShift, keepTokens = 0 } = job.request;
  if (contextShift === false || !context.canShift) return false;
  const bos = context.tokenize("", true).length > 0 ? 1 : 0;
  const asked = keepTokens < 0 ? job.prompt.length : keepTokens + bos;
  const keep = Math.min(asked, context.contextTokens - 4);
  const discarded = Math.floor((slot.held - keep) / 2);
  if (discarded < 1) return false;
  slot.shift(keep, keep + discarded);
  return true;
}

/** Tells the reader how the answer ended. */
export function finishJob({
  slot,
  job,
  run,
  end,
}: Omit<Turn, "context" | "from"> & { readonly end: JobEnd }): void {
  const rest = end.stopSequence === undefined ? run.text.end() : undefined;
  if (rest !== undefined) job.events.push(rest);
  const now = performance.now();
  const firstTokenAt = run.firstTokenAt ?? now;
  job.events.push({
    type: "generation-end",
    ...end,
    tokens: [...slot.tokens],
    promptTokens: job.prompt.length,
    cachedTokens: run.cachedTokens,
    promptMs: firstTokenAt - run.startedAt,
    generatedTokens: run.generatedTokens,
    generatedMs: now - firstTokenAt,
    ...(run.draftedTokens > 0
      ? { draftedTokens: run.draftedTokens, acceptedDraftTokens: run.acceptedTokens }
      : {}),
  });
}
