import type { Puna } from "@puna/sdk";

/** A terminal stream as the CLI needs it; `process.stdout` is one. */
export interface OutputStream {
  write(text: string): boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/**
 * Everything the commands may know of the world. Built once by the application, which alone reads the
 * environment; tests build their own.
 */
export interface CliContext {
  readonly client: Puna;
  /** Where the client finds its server; what `launch` writes into the settings of other tools. */
  readonly serverUrl?: string;
  /** Sent with every request that `client` does not make, such as `Authorization` with an API key of the server. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Given on to programs that are started (`launch`); without it they get nothing but what they are told. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** How routes that only puna has are reached; the runtime's own by default. */
  readonly fetch?: typeof fetch;
  /** Name in usage texts and errors. */
  readonly binName: string;
  readonly version: string;
  readonly cwd: string;
  /** Home of the user, for `~` in Modelfiles. */
  readonly userHome: string;
  /** File of REPL history; absent = keep none. */
  readonly historyFile?: string;
  /** Command line of the editor for Ctrl-G. */
  readonly editor: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** False under NO_COLOR or TERM=dumb. */
  readonly colors: boolean;
  /** Starts a server that answers at the client's address, unless one does already. @throws where that is not possible */
  ensureServer(): Promise<void>;
}

const contexts = new WeakMap<object, CliContext>();

/** Ties a context to one oclif configuration, from which every command finds it. */
export function bindContext(config: object, context: CliContext): void {
  contexts.set(config, context);
}

export function contextOf(config: object): CliContext {
  const context = contexts.get(config);
  if (context === undefined) throw new Error("The CLI was started without bindContext().");
  return context;
}
