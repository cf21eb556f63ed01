/**
 * The least that two Node processes can do for a request: `node:http`, our runner, and nothing between. One route, no
 * checks, no store, no templates. `own-part.ts` starts it with MODEL and PORT.
 */
import { fork } from "node:child_process";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

interface Told {
  readonly type: "hello" | "event" | "done" | "failed";
  readonly id: number;
  readonly event?: { readonly type: string; readonly text?: string; readonly promptMs?: number };
}

/** As much of a runner's load as the native driver reads. */
const spec = {
  driver: "native",
  modelPath: process.env["MODEL"],
  adapters: [],
  contextTokens: 8192,
  contextIsTrainedLength: false,
  parallel: 1,
  batchTokens: 512,
  draftTokens: 0,
  gpuLayers: 0,
  threads: 2,
  kvCacheType: "f16",
  embedding: false,
  kvOverrides: [],
  promptCacheBytes: 100_000_000,
};
const turn = { priority: "interactive", clientId: "" };

const runner = fork(fileURLToPath(import.meta.resolve("@puna/engine/runner")), {
  execArgv: [],
  serialization: "advanced",
  stdio: ["ignore", "ignore", "ignore", "ipc"],
  env: { ...process.env, UV_THREADPOOL_SIZE: "1" },
});
const listeners = new Map<number, (told: Told) => void>();
let requests = 0;
runner.on("message", (messages) => {
  // A runner sends lists of what the benchmark's own version of it says.
  for (const told of messages as readonly Told[]) listeners.get(told.id)?.(told);
});
await new Promise<void>((resolve, reject) => {
  listeners.set(0, ({ type }) =>
    type === "done" ? resolve() : reject(new Error("the model was not loaded")),
  );
  runner.send({ type: "load", id: 0, spec });
});

createServer(async (incoming, outgoing) => {
  if (incoming.method === "GET") return outgoing.end();
  const { prompt, options } = JSON.parse(await text(incoming));
  const id = ++requests;
  listeners.set(id, ({ event }) => {
    if (event?.type === "text-delta") outgoing.write(`${JSON.stringify({ response: event.text })}\n`);
    if (event?.type !== "generation-end") return;
    listeners.delete(id);
    outgoing.end(`${JSON.stringify({ prompt_eval_duration: Math.round((event.promptMs ?? 0) * 1e6) })}\n`);
  });
  const { temperature, seed, num_predict: maxTokens } = options;
  const request = { prompt, maxTokens, sampling: { temperature, seed, ignoreEos: true } };
  runner.send({ type: "complete", id, request, turn });
}).listen(Number(process.env["PORT"]), "127.0.0.1");
