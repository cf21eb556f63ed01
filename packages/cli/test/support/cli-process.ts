import { homedir } from "node:os";
import { Puna } from "@puna/sdk";
import type { CliContext } from "../../src/context.ts";
import { runCli } from "../../src/main.ts";
import { loadConfig } from "./load-config.ts";

// The command line as a process of its own, for tests in a real terminal: what the application does, with its settings
// taken from PUNA_TEST_* variables.
const env = process.env;
const serverUrl = env["PUNA_TEST_SERVER"] ?? "http://127.0.0.1:1";
const context: CliContext = {
  client: new Puna({ host: serverUrl }),
  serverUrl,
  binName: "puna",
  version: "0.0.0",
  cwd: process.cwd(),
  userHome: homedir(),
  ...(env["PUNA_TEST_HISTORY"] ? { historyFile: env["PUNA_TEST_HISTORY"] } : {}),
  editor: env["PUNA_TEST_EDITOR"] ?? "false",
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  colors: !env["NO_COLOR"],
  ensureServer: async () => {},
};
await runCli(process.argv.slice(2), await loadConfig(), context);
