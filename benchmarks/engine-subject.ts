export interface BenchmarkSetup {
  readonly model: string;
  readonly embeddingModel: string;
  /** 0: each server's own choice. */
  readonly threads: number;
  readonly only: readonly string[] | undefined;
  /** Most drafted tokens of a decode, for puna. */
  readonly drafts: string;
}

export interface Generation {
  readonly prompt: string;
  readonly maxTokens: number;
  /** Called as each piece of text comes. */
  readonly onPiece: () => void;
  readonly signal?: AbortSignal;
}

export interface Generated {
  readonly tokens: number;
}

/**
 * What both are told to sample with. Not greedy: small models then repeat themselves, and an answer of equal
 * pieces is ended by our server, as by Ollama.
 */
export const sampling = {
  temperature: 1.5,
  top_k: 200,
  top_p: 1,
  min_p: 0,
  repeat_penalty: 1,
  seed: 7,
} as const;

/** One of the servers, started anew for every phase of every round. */
export interface Subject {
  readonly name: string;
  readonly version: string;
  start(start: { readonly slots: number; readonly embedding?: boolean }): Promise<RunningSubject>;
}

export interface RunningSubject extends AsyncDisposable {
  generate(generation: Generation): Promise<Generated>;
  embed(texts: readonly string[]): Promise<void>;
  /** Ms between a request and the first byte of its answer that the runner does not account for, where it tells. */
  ownPart?(): Promise<number>;
  /** Process that holds the model, and the one that speaks HTTP; the same for some. */
  readonly pids: () => { readonly runner: number; readonly server: number };
  /** Ms from where the program, or the loading of the model, began; what came before counts, too. */
  readonly loadingSince: () => number;
}
