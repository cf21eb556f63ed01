import { homedir } from "node:os";
import { join } from "node:path";
import { type CliContext, CliError } from "@puna/cli";
import { Puna } from "@puna/sdk";
import type { Config } from "./config.ts";
import { clientUrl, isLocal, isThisMachine } from "./host.ts";
import { startServerProcess } from "./start-server-process.ts";
import { trustingFetch } from "./trusting-fetch.ts";

const answerTimeoutMs = 5_000;

/** The world as the commands see it, made of the configuration and this process's terminal. */
export function createCliContext(config: Config, version: string, binPath: string): CliContext {
  const url = clientUrl(config.host);
  const own = ownFetch(config);
  const reach = () => reachServer(url, own.fetch ?? fetch);
  let client: Puna | undefined;
  return {
    // Made when first asked for: loading Node's fetch costs a fifth of the time in which help is printed.
    get client() {
      client ??= new Puna({ host: url, ...own, ...authorization(config.apiKey) });
      return client;
    },
    serverUrl: url,
    ...own,
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
      const cause = await reach();
      if (cause === undefined) return;
      if (own.fetch === undefined && !isLocal(config.host)) {
        throw new CliError("NO_SERVER", `could not connect to the server at ${url}; check OLLAMA_HOST`, {
          cause,
        });
      }
      await startServerProcess({
        binPath,
        logFile: join(config.home, "logs", "server.log"),
        answers: async () => (await reach()) === undefined,
      });
    },
  };
}

/** How a server that has these settings is reached, where the runtime's own `fetch` would not trust it. */
export function ownFetch({ host, tlsCertificate }: Config): { readonly fetch?: typeof fetch } {
  return tlsCertificate !== undefined && isThisMachine(host.hostname)
    ? { fetch: trustingFetch(tlsCertificate) }
    : {};
}

/** Asks whether anything that speaks our API is there. @returns why not @throws CliError what no waiting would change */
async function reachServer(url: string, ask: typeof fetch): Promise<Error | undefined> {
  try {
    // A machine that is busy with a model may take its time; where nobody listens, that is known at once.
    const { ok, status } = await ask(url, { method: "HEAD", signal: AbortSignal.timeout(answerTimeoutMs) });
    return ok ? undefined : new Error(`${url} answers with status ${status}`);
  } catch (error) {
    if (CliError.is(error) || !(error instanceof Error)) throw error;
    return error;
  }
}

function authorization(apiKey: string | undefined): { headers?: Record<string, string> } {
  return apiKey === undefined ? {} : { headers: { authorization: `Bearer ${apiKey}` } };
}
