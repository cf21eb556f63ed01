import type { CompletionRequest, RankedDocument, TokenEvent } from "../engine.ts";
import type { RequestTurn, RunnerFacts, RunnerSpec } from "../ipc/messages.ts";

/** What speaks to llama.cpp inside the child. One folder under `llama/` each, all passing one contract suite. */
export interface Driver {
  readonly name: string;
  /** @throws EngineError `LOAD_FAILED`, `OUT_OF_MEMORY`, `UNSUPPORTED` */
  load(spec: RunnerSpec): Promise<DriverModel>;
}

/** One loaded model with its sequences. */
export interface DriverModel extends AsyncDisposable {
  readonly facts: RunnerFacts;
  /** Counts decodes: the host sees that work goes on. */
  readonly steps: number;
  complete(request: CompletionRequest, turn: RequestTurn, signal: AbortSignal): AsyncIterable<TokenEvent>;
  tokenize(text: string, addSpecial: boolean): readonly number[];
  detokenize(tokens: readonly number[]): string;
  /** The process is about to end: saves to disk what shall be found again, where the spec names a folder. */
  retire(): void;
  embed(inputs: readonly (readonly number[])[], signal: AbortSignal): Promise<readonly Float32Array[]>;
  rank(query: string, documents: readonly string[], signal: AbortSignal): Promise<readonly RankedDocument[]>;
}
