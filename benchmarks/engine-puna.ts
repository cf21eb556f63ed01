import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { post } from "./engine-http.ts";
import { contextTokens } from "./engine-llama-server.ts";
import { ownPart } from "./engine-own-part.ts";
import { type ServerProcess, startProcess } from "./engine-process.ts";
import { type BenchmarkSetup, type Generation, type Subject, sampling } from "./engine-subject.ts";

const bin = fileURLToPath(new URL("../apps/puna/bin/puna.js", import.meta.url));

/** The whole server as built, over HTTP, with a store of its own that is kept between runs. */
export function punaSubject(setup: BenchmarkSetup, version: string): Subject {
  if (!existsSync(fileURLToPath(new URL("../apps/puna/dist/main.js", import.meta.url))))
    throw new Error("the server is not built: npm run build");
  return {
    name: "puna",
    version,
    start: async ({ slots, embedding = false }) => {
      const home = mkdtempSync(join(tmpdir(), "puna-benchmark-"));
      const serve = () => startServer(home, slots, setup.drafts);
      const file = embedding ? setup.embeddingModel : setup.model;
      const model = `benchmark-${basename(file, ".gguf")}`;
      let server = await serve();
      if (await store(server.port, model, file)) {
        // What took in a file is no fresh process any more.
        await server[Symbol.asyncDispose]();
        server = await serve();
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

function generateBody(asked: { model: string; options: object; prompt: string; maxTokens: number }): object {
  const { model, options, prompt, maxTokens } = asked;
  const chosen = { ...options, ...sampling, ignore_eos: true, num_predict: maxTokens };
  return { model, prompt, raw: true, stream: true, options: chosen };
}

function startServer(home: string, slots: number, drafts: string): Promise<ServerProcess> {
  return startProcess(process.execPath, () => [bin, "serve"], {
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
      PUNA_DRAFT_TOKENS: drafts,
      PUNA_LLAMA_LIBRARIES: process.env["PUNA_LLAMA_LIBRARIES"],
    }),
  });
}

/** Imports a file under a name, unless the store has it. @returns whether it did */
async function store(port: number, model: string, file: string): Promise<boolean> {
  const ask = (path: string, body: string | Buffer<ArrayBuffer>) =>
    fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", body });
  if ((await ask("/api/show", JSON.stringify({ model }))).ok) return false;
  const bytes = readFileSync(file);
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  await ask(`/api/blobs/${digest}`, bytes);
  const files = { [basename(file)]: digest };
  const created = await ask("/api/create", JSON.stringify({ model, files, stream: false }));
  if (!created.ok) throw new Error(`${model} could not be created: ${await created.text()}`);
  return true;
}

function childOf(pid: number): number {
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [child] = readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim().split(" ");
    if (child !== undefined && child !== "") return Number(child);
  }
  throw new Error("no model is loaded");
}
