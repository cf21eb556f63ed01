import { PassThrough } from "node:stream";
import { Config } from "@oclif/core";
import { Puna } from "@puna/sdk";
import { cliCommands } from "../../src/commands.ts";
import type { CliContext } from "../../src/context.ts";
import { runCli } from "../../src/main.ts";

export interface CommandRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Every command of the package, found the way the application's bundle finds them. */
export async function loadConfig(): Promise<Config> {
  const config = await Config.load({
    root: import.meta.dirname,
    pjson: { name: "ollama", version: "0.0.0", oclif: { bin: "ollama" } },
  });
  const find = (id: string) => {
    const command = Object.hasOwn(cliCommands, id) ? cliCommands[id] : undefined;
    if (command === undefined) return undefined;
    return Object.assign(command, { id, load: async () => command });
  };
  // oclif reads commands from files of the application; here there are none, so it is told where to look.
  Object.assign(config, { findCommand: find });
  Object.defineProperty(config, "commandIDs", { value: Object.keys(cliCommands) });
  return config;
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
