export interface BenchmarkSetup {
  readonly model: string;
  readonly threads: number;
  readonly parallel: number;
  readonly only: readonly string[] | undefined;
  /** Entry of our child process; the package's own when undefined. */
  readonly runner: string | undefined;
}

export interface Generation {
  readonly prompt: string;
  readonly maxTokens: number;
  /** Called as each piece of text comes. */
  readonly onPiece: () => void;
}

/** One of the two engines, started anew for every round. */
export interface Subject {
  readonly name: string;
  start(): Promise<RunningSubject>;
}

export interface RunningSubject extends AsyncDisposable {
  /** @returns tokens written */
  generate(generation: Generation): Promise<number>;
  /** Proportional set size of the process that holds the model. */
  memoryBytes(): number;
}
