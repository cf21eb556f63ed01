import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { post } from "./engine-http.ts";
import { contextTokens } from "./engine-llama-server.ts";
import { ownPart } from "./engine-own-part.ts";
import { type ServerProcess, startProcess } from "./engine-process.ts";
import { type BenchmarkSetup, type Generation, type Subject, sampling } from "./engine-subject.ts";

/** A server with Ollama's API: ours, or Ollama. */
export interface ApiServer {
  readonly name: string;
  readonly version: string;
  readonly command: readonly [program: string, ...args: string[]];
  readonly env: NodeJS.ProcessEnv;
  /** Puts models into a folder; ours for both, since the folders are alike. */
  readonly importer: Pick<ApiServer, "command" | "env">;
}

/** The whole server, over HTTP, with a store of models that is kept between runs. */
export function apiSubject(program: ApiServer, setup: BenchmarkSetup): Subject {
  return {
    name: program.name,
    version: program.version,
    start: async ({ slots, embedding = false }) => {
      const home = mkdtempSync(join(tmpdir(), "puna-benchmark-"));
      const file = embedding ? setup.embeddingModel : setup.model;
      const model = `benchmark-${basename(file, ".gguf")}`;
      let server = await startServer(program, home, slots);
      if (!(await ask(server.port, "/api/show", JSON.stringify({ model }))).ok) {
        await server[Symbol.asyncDispose]();
        {
          await using importing = await startServer(program.importer, home, slots);
          await store(importing.port, model, file);
        }
        // What took in a file is no fresh process any more.
        server = await startServer(program, home, slots);
      }
      const options = setup.threads > 0 ? { num_thread: setup.threads } : {};
      const loadingSince = performance.now();
      return {
        generate: (generation) => complete(server.port, { model, options, generation }),
        embed: (input) =>
          post({ port: server.port, path: "/api/embed", body: { model, input, options }, onLine: () => {} }),
        ownPart: () =>
          ownPart(server.port, (prompt) => generateBody({ model, options, prompt, maxTokens: 2 })),
        pids: () => ({ server: server.pid, runner: childOf(server.pid) }),
        loadingSince: () => loadingSince,
        [Symbol.asyncDispose]: async () => {
          await server[Symbol.asyncDispose]();
          rmSync(home, { recursive: true, force: true });
        },
      };
    },
  };
}

async function complete(
  port: number,
  { model, options, generation }: { model: string; options: object; generation: Generation },
) {
  const { prompt, maxTokens, onPiece, signal } = generation;
  let tokens = 0;
  const onLine = (line: string) => {
    const part: { error?: string; done?: boolean; eval_count?: number } = JSON.parse(line);
    if (part.error !== undefined) throw new Error(part.error);
    if (part.done !== true) {
      onPiece();
      return;
    }
    tokens = part.eval_count ?? 0;
  };
  const body = generateBody({ model, options, prompt, maxTokens });
  await post({ port, path: "/api/generate", body, onLine, ...(signal && { signal }) });
  return { tokens };
}

export function generateBody(asked: {
  model: string;
  options: object;
  prompt: string;
  maxTokens: number;
}): object {
  const { model, options, prompt, maxTokens } = asked;
  const chosen = { ...options, ...sampling, ignore_eos: true, num_predict: maxTokens };
  return { model, prompt, raw: true, stream: true, options: chosen };
}

function startServer(
  { command: [program, ...args], env }: Pick<ApiServer, "command" | "env">,
  home: string,
  slots: number,
): Promise<ServerProcess> {
  return startProcess(program, () => args, {
    readyPath: "/api/version",
    env: (port) => ({
      PATH: process.env["PATH"],
      HOME: home,
      PUNA_HOME: home,
      OLLAMA_MODELS: join(homedir(), ".cache/puna/benchmark/models"),
      OLLAMA_HOST: `127.0.0.1:${port}`,
      OLLAMA_NUM_PARALLEL: String(slots),
      OLLAMA_CONTEXT_LENGTH: String(contextTokens),
      OLLAMA_KEEP_ALIVE: "-1",
      ...env,
    }),
  });
}

/** Imports a file under a name. */
async function store(port: number, model: string, file: string): Promise<void> {
  const bytes = readFileSync(file);
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  await ask(port, `/api/blobs/${digest}`, bytes);
  const files = { [basename(file)]: digest };
  const created = await ask(port, "/api/create", JSON.stringify({ model, files, stream: false }));
  if (!created.ok) throw new Error(`${model} could not be created: ${await created.text()}`);
}

function ask(port: number, path: string, body: string | Buffer<ArrayBuffer>): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", body });
}

function childOf(pid: number): number {
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [child] = readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim().split(" ");
    if (child !== undefined && child !== "") return Number(child);
  }
  throw new Error("no model is loaded");
}
