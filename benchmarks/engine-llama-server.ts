import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { post } from "./engine-http.ts";
import { startProcess } from "./engine-process.ts";
import { type BenchmarkSetup, type Generation, type Subject, sampling } from "./engine-subject.ts";

export const contextTokens = 4608;

/** A llama-server with the same threads, slots and context; everything else as it comes. */
export function llamaServerSubject(name: string, path: string, setup: BenchmarkSetup): Subject {
  const env = { ...process.env, LD_LIBRARY_PATH: dirname(path) };
  const told = spawnSync(path, ["--version"], { env, encoding: "utf8" });
  const version = /version: (.*)/.exec(told.stderr + told.stdout)?.[1] ?? "unknown";
  const threads = setup.threads > 0 ? ["-t", String(setup.threads), "-tb", String(setup.threads)] : [];
  return {
    name,
    version,
    start: async ({ slots, embedding = false }) => {
      const model = embedding
        ? ["-m", setup.embeddingModel, "--embedding", "-c", String(512 * slots), "-b", "2048", "-ub", "2048"]
        : ["-m", setup.model, "-c", String(contextTokens * slots)];
      const server = await startProcess(
        path,
        (port) => [
          ...model,
          ...["-np", String(slots), "--host", "127.0.0.1", "--port", String(port), "--offline"],
          ...threads,
        ],
        { readyPath: "/health", env: () => env },
      );
      return {
        generate: (generation) => complete(server.port, generation),
        embed: (input) =>
          post({ port: server.port, path: "/v1/embeddings", body: { input }, onLine: () => {} }),
        pids: () => ({ runner: server.pid, server: server.pid }),
        loadingSince: () => server.startedAt,
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
  };
}

async function complete(port: number, { prompt, maxTokens, onPiece, signal }: Generation) {
  let tokens = 0;
  const body = {
    prompt,
    n_predict: maxTokens,
    ...sampling,
    ignore_eos: true,
    stream: true,
    cache_prompt: true,
  };
  const onLine = (line: string) => {
    if (!line.startsWith("data: ")) return;
    const event: { content?: string; stop?: boolean; tokens_predicted?: number } = JSON.parse(line.slice(6));
    if (event.stop) tokens = event.tokens_predicted ?? 0;
    else if (event.content !== "") onPiece();
  };
  await post({ port, path: "/completion", body, onLine, ...(signal ? { signal } : {}) });
  return { tokens };
}
