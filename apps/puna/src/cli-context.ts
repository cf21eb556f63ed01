import { homedir } from "node:os";
import { join } from "node:path";
import { type CliContext, CliError } from "@puna/cli";
import { Puna } from "@puna/sdk";
import type { Config } from "./config.ts";
import { clientUrl, isLocal } from "./host.ts";
import { startServerProcess } from "./start-server-process.ts";

/** The world as the commands see it, made of the configuration and this process's terminal. */
export function createCliContext(config: Config, version: string, binPath: string): CliContext {
  const url = clientUrl(config.host);
  let client: Puna | undefined;
  return {
    // Made when first asked for: loading Node's fetch costs a fifth of the time in which help is printed.
    get client() {
      client ??= new Puna({ host: url, ...authorization(config.apiKey) });
      return client;
    },
    serverUrl: url,
    environment: process.env,
    ...authorization(config.apiKey),
    binName: "puna",
    version,
    cwd: process.cwd(),
    userHome: homedir(),
    ...(config.noHistory ? {} : { historyFile: join(config.home, "history") }),
    editor: config.editor,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    colors: config.colors,
    ensureServer: async () => {
      if (await answers(url)) return;
      if (!isLocal(config.host)) {
        throw new CliError("NO_SERVER", `could not connect to the server at ${url}; check OLLAMA_HOST`);
      }
      await startServerProcess({
        binPath,
        logFile: join(config.home, "logs", "server.log"),
        answers: () => answers(url),
      });
    },
  };
}

/** Whether anything that speaks our API answers there. */
async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(2_000) });
    return response.ok;
  } catch {
    return false;
  }
}

function authorization(apiKey: string | undefined): { headers?: Record<string, string> } {
  return apiKey === undefined ? {} : { headers: { authorization: `Bearer ${apiKey}` } };
}
