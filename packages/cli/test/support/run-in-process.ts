import { PassThrough } from "node:stream";
import { Puna } from "@puna/sdk";
import type { CliContext } from "../../src/context.ts";
import { runCli } from "../../src/main.ts";
import { loadConfig } from "./load-config.ts";

export interface CommandRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line in this process; its server is `fetch`, its output is returned. */
export async function runInProcess(
  argv: readonly string[],
  options: {
    readonly fetch: typeof fetch;
    readonly stdin?: string | null;
    readonly cwd?: string;
    readonly context?: Partial<CliContext>;
  },
): Promise<CommandRun> {
  const [stdout, stderr] = [recorder(), recorder()];
  const stdin = new PassThrough();
  stdin.end(options.stdin ?? "");
  const context: CliContext = {
    client: new Puna({ fetch: options.fetch, retries: 0 }),
    fetch: options.fetch,
    binName: "ollama",
    version: "0.0.0",
    cwd: options.cwd ?? "/",
    userHome: "/",
    editor: "vi",
    // Commands only ask it for text and whether it is a terminal.
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout,
    stderr,
    colors: false,
    ensureServer: async () => {},
    ...options.context,
  };
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await runCli(argv, await loadConfig(), context);
    return { exitCode: Number(process.exitCode), stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    process.exitCode = before;
  }
}

function recorder() {
  let written = "";
  return {
    write: (text: string) => {
      written += text;
      return true;
    },
    text: () => written,
  };
}
