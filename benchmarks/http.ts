// What HTTP alone costs: `node --conditions=@puna/source http.ts [--seconds 10] [--streams 500] [--models 300]`.
// Prints one JSON line per figure: /api/version against a bare @hono/node-server route under the same load,
// /api/tags and /api/show when warm, and the memory of idle streaming clients. Fails when one misses its bound.
// The server runs in a child process with what every request passes: logging, metrics, guards, request ids.
import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { getRequestListener } from "@hono/node-server";
import { createServer } from "@puna/api-server";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { createScriptedEngine } from "@puna/engine/testing";
import { encodeGguf } from "@puna/model-format/gguf";
import autocannon from "autocannon";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    streams: { type: "string", default: "500" },
    models: { type: "string", default: "300" },
    rounds: { type: "string", default: "3" },
    serve: { type: "string" },
  },
});
const connections = 32;
const anHourMs = 3_600_000;

if (values.serve === "bare") await serveBare();
else if (values.serve === "puna") await servePuna(Number(values.models));
else process.exitCode = (await measure()) ? 0 : 1;

async function serveBare(): Promise<void> {
  const body = JSON.stringify({ version: "0.34.0", puna: "1.0.0" });
  const headers = { "Content-Type": "application/json; charset=utf-8" };
  await listen(async () => new Response(body, { headers }));
}

async function servePuna(models: number): Promise<void> {
  const { store } = await openTemporaryStore();
  // One piece at once, the next in an hour: clients that wait.
  const engine = createScriptedEngine({
    answer: () => ({ pieces: ["Hello", { text: " world", delayMs: anHourMs }] }),
    parallel: 1000,
    maxQueue: 1000,
  });
  const nothing = async function* () {};
  let written = 0;
  const log = (message: string, fields: object = {}) => {
    written += JSON.stringify({ message, ...fields }).length;
  };
  const server = createServer({
    store,
    engine,
    registry: { pull: nothing, push: nothing, restore: nothing },
    version: "1.0.0",
    logger: { debug: log, info: log, warn: log, error: log },
    bind: { address: "127.0.0.1" },
    keepAliveMs: -1,
  });
  const post = async (path: string, body: BodyInit) => {
    const response = await server.request(path, { method: "POST", body });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    await response.text();
  };
  const bytes = new Uint8Array(tinyGguf());
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  await post(`/api/blobs/${digest}`, bytes);
  const create = (request: object) => post("/api/create", JSON.stringify({ ...request, stream: false }));
  await create({ model: "base", files: { "base.gguf": digest } });
  for (let index = 1; index < models; index += 1) {
    const template = `{{ range .Messages }}<${index}>{{ .Content }}{{ end }}`;
    await create({ model: `model-${index}`, from: "base", system: `System ${index}`, template });
  }
  process.on("message", () => {
    globalThis.gc?.();
    process.send?.({ rss: process.memoryUsage().rss, written });
  });
  await listen((request) => server.fetch(request));
}

async function listen(answer: (request: Request) => Response | Promise<Response>): Promise<void> {
  const http = createHttpServer({ requestTimeout: 0 }, getRequestListener(answer));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  // Listening on an address, not on a pipe.
  process.send?.({ port: (http.address() as AddressInfo).port });
}

interface Subject extends Disposable {
  readonly child: ChildProcess;
  readonly url: string;
}

async function start(which: "bare" | "puna"): Promise<Subject> {
  const child = fork(import.meta.filename, ["--serve", which, "--models", values.models], {
    execArgv: [...process.execArgv, "--expose-gc"],
  });
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return { child, url: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void child.kill("SIGKILL") };
}

async function measure(): Promise<boolean> {
  using puna = await start("puna");
  using bare = await start("bare");
  const results = [
    await compareVersions(puna, bare),
    await medianLatency(puna, "tags", { path: "/api/tags" }, 20),
    await medianLatency(puna, "show", { path: "/api/show", body: JSON.stringify({ model: "model-7" }) }, 5),
    await idleStreams(puna, Number(values.streams)),
  ];
  return results.every(Boolean);
}

/** Turn by turn, so that both meet the same machine; the best round of each counts. */
async function compareVersions(puna: Subject, bare: Subject): Promise<boolean> {
  const rate = async ({ url }: Subject) => {
    const duration = Number(values.seconds);
    const { requests, non2xx } = await autocannon({ url: `${url}/api/version`, connections, duration });
    if (non2xx > 0) throw new Error(`${non2xx} requests failed`);
    return requests.average;
  };
  let [ours, theirs] = [0, 0];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    theirs = Math.max(theirs, await rate(bare));
    ours = Math.max(ours, await rate(puna));
  }
  return report("version", { perSecond: ours, bare: theirs }, "ratio", ours / theirs, { least: 0.4 });
}

async function medianLatency(
  { url }: Subject,
  name: string,
  { path, body }: { readonly path: string; readonly body?: string },
  most: number,
): Promise<boolean> {
  const init = body === undefined ? {} : { method: "POST", body };
  const times: number[] = [];
  for (let count = 0; count < 60; count += 1) {
    const before = performance.now();
    const response = await fetch(url + path, init);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    times.push(performance.now() - before);
  }
  const warm = times.slice(10).sort((left, right) => left - right);
  const p95 = warm[Math.floor(warm.length * 0.95)] ?? Number.NaN;
  return report(name, { p95 }, "ms", warm[Math.floor(warm.length / 2)] ?? Number.NaN, { most });
}

async function idleStreams({ child, url }: Subject, count: number): Promise<boolean> {
  const before = await memoryOf(child);
  const body = JSON.stringify({ model: "model-7", messages: [{ role: "user", content: "hi" }] });
  const stop = new AbortController();
  for (let open = 0; open < count; open += 50) {
    const wave = Array.from({ length: Math.min(50, count - open) }, async () => {
      const response = await fetch(`${url}/api/chat`, { method: "POST", body, signal: stop.signal });
      await response.body?.getReader().read();
    });
    await Promise.all(wave);
  }
  const added = (await memoryOf(child)) - before;
  stop.abort();
  return report("idle-streams", { streams: count }, "MiB", added / 2 ** 20, { most: 100 });
}

async function memoryOf(child: ChildProcess): Promise<number> {
  child.send("memory?");
  const [{ rss }] = (await once(child, "message")) as [{ rss: number }];
  return rss;
}

function report(
  name: string,
  details: Readonly<Record<string, number>>,
  unit: string,
  value: number,
  bound: { readonly least?: number; readonly most?: number },
): boolean {
  const ok = value >= (bound.least ?? -Infinity) && value <= (bound.most ?? Infinity);
  const figure = { name, [unit]: Number(value.toFixed(3)), ...bound, ok, ...details };
  console.log(JSON.stringify({ ...figure, node: process.version, cpu: cpus()[0]?.model }));
  return ok;
}

function tinyGguf(): Uint8Array {
  return encodeGguf({
    entries: [
      { key: "general.architecture", type: "string", value: "llama" },
      { key: "llama.context_length", type: "uint32", value: 4096 },
      { key: "llama.embedding_length", type: "uint32", value: 8 },
      { key: "llama.block_count", type: "uint32", value: 1 },
    ],
    tensors: [],
  });
}
