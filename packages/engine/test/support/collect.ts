import type { CompletionRequest, ModelLease, TokenEvent } from "../../src/engine.ts";

type Delta = Extract<TokenEvent, { type: "text-delta" }>;
type End = Extract<TokenEvent, { type: "generation-end" }>;

export interface Collected {
  readonly text: string;
  readonly deltas: readonly Delta[];
  readonly end: End;
}

/** Runs a completion to its end. */
export async function collect(
  lease: ModelLease,
  request: CompletionRequest,
  signal?: AbortSignal,
): Promise<Collected> {
  const deltas: Delta[] = [];
  let end: End | undefined;
  for await (const event of lease.complete(request, signal)) {
    if (end !== undefined) throw new Error("something came after the end");
    if (event.type === "generation-end") end = event;
    else deltas.push(event);
  }
  if (end === undefined) throw new Error("the stream ended without a generation-end");
  return { text: deltas.map(({ text }) => text).join(""), deltas, end };
}
