// The registry of the crash soak: a thread that tells which bytes it handed out.
import { randomBytes } from "node:crypto";
import { parentPort } from "node:worker_threads";
import { publishModel, startLoopbackRegistry } from "../src/testing/index.ts";

const registry = await startLoopbackRegistry();
publishModel(registry, randomBytes(6_000_000));

parentPort?.on("message", (question: string) => {
  parentPort?.postMessage(answer(question));
});

function answer(question: string): unknown {
  switch (question) {
    case "host":
      return registry.host;
    case "forget":
      registry.seen.length = 0;
      return undefined;
    case "served":
      return registry.seen.flatMap(({ method, path, headers }) => {
        const digest = /sha256:[0-9a-f]{64}$/.exec(path)?.[0];
        const range = /^bytes=(\d+)-(\d+)$/.exec(headers["range"] ?? "");
        if (method !== "GET" || digest === undefined || range === null) return [];
        return [{ digest, start: Number(range[1]), end: Number(range[2]) + 1 }];
      });
    case "blobs":
      return [...registry.blobs].map(([digest, bytes]) => ({ digest, size: bytes.byteLength }));
    default:
      return undefined;
  }
}
