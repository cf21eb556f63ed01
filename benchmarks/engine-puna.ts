import { resolve } from "node:path";
import { createEngine } from "@puna/engine";
import { proportionalMemory } from "./engine-memory.ts";
import type { BenchmarkSetup, Subject } from "./engine-subject.ts";

/** Our engine, with a runner of its own for each start. */
export function punaSubject({ model, threads, parallel, runner }: BenchmarkSetup): Subject {
  const entry = runner === undefined ? {} : { runnerEntry: resolve(runner) };
  return {
    name: "puna",
    start: async () => {
      const engine = createEngine({
        env: process.env,
        parallel,
        contextTokens: 4096,
        driver: "native",
        ...entry,
      });
      const lease = await engine.acquire({ modelPath: model, load: { threads } });
      return {
        generate: async ({ prompt, maxTokens, onPiece }) => {
          const request = { prompt, maxTokens, sampling: { temperature: 0, ignoreEos: true } };
          let tokens = 0;
          for await (const event of lease.complete(request)) {
            if (event.type === "text-delta") onPiece();
            else tokens = event.generatedTokens;
          }
          return tokens;
        },
        memoryBytes: () => proportionalMemory(lease.info.pid ?? 0),
        [Symbol.asyncDispose]: async () => {
          await lease[Symbol.asyncDispose]();
          await engine[Symbol.asyncDispose]();
        },
      };
    },
  };
}
