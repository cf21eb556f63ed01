import type { CompletionRequest, RankedDocument, TokenEvent } from "../engine.ts";
import type { RequestTurn, RunnerFacts, RunnerSpec } from "../ipc/messages.ts";
import type { LoadReport } from "./load-report.ts";

/** A started runner as the scheduler sees it. */
export interface Runner {
  readonly facts: RunnerFacts;
  readonly pid?: number;
  /** Settles when the runner is gone; every request it still had has failed by then. */
  readonly exited: Promise<void>;
  /** False once it has failed, also while its process is still ending: it must get no new request. */
  isUsable(): boolean;
  /** What it said that it takes; what it wrote last may come shortly after it is ready. Absent: it does not say. */
  report?(): LoadReport | undefined;
  /** Completions, embeddings and rankings that it brought to their end. */
  answered(): number;
  complete(request: CompletionRequest, turn: RequestTurn, signal?: AbortSignal): AsyncIterable<TokenEvent>;
  tokenize(text: string, addSpecial: boolean): Promise<readonly number[]>;
  detokenize(tokens: readonly number[]): Promise<string>;
  embed(inputs: readonly (readonly number[])[], signal?: AbortSignal): Promise<readonly Float32Array[]>;
  rank(query: string, documents: readonly string[], signal?: AbortSignal): Promise<readonly RankedDocument[]>;
  /** @throws EngineError when it does not answer in time */
  health(timeoutMs: number): Promise<void>;
  /** Ends the runner. @returns when it is gone */
  stop(): Promise<void>;
}

/** Starts a runner and loads its model: the port through which the scheduler gets processes, or doubles. */
export type StartRunner = (
  spec: RunnerSpec,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
) => Promise<Runner>;
