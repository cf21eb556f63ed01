import { spawn } from "node:child_process";
import { chmodSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { tinyLlama } from "@puna/model-format/testing";
import { afterEach, expect, it } from "vitest";
import { createEngine, type EngineOptions } from "../src/create-engine.ts";
import type { Engine, ModelLease } from "../src/engine.ts";
import { EngineError } from "../src/errors.ts";
import { silentLogger } from "../src/logger.ts";
import { collect } from "./support/collect.ts";
import { runnerEnv as env } from "./support/runner-env.ts";
import { tinyFiles } from "./support/tiny-files.ts";

const files = tinyFiles();
const load = { threads: 1, contextTokens: 512 };
const llama = { modelPath: files.llama, load };
const endless = { prompt: "On and on", sampling: { temperature: 0, ignoreEos: true } };

const open: Engine[] = [];
afterEach(async () => {
  for (const engine of open.splice(0)) await engine[Symbol.asyncDispose]();
});

function start(options: EngineOptions = {}): Engine {
  const engine = createEngine({ env, driver: "native", ...options });
  open.push(engine);
  return engine;
}

const limitedNode = `#!/bin/sh
ulimit -d 1200000
exec "${process.execPath}" "$@"
`;

const isAlive = (pid: number) => {
  try {
    // A zombie still has a number, but no memory.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

async function untilDead(pid: number, withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; Date.now() < until; await sleep(20))
    if (!isAlive(pid)) return true;
  return false;
}

const pidOf = (lease: ModelLease) => {
  const { pid } = lease.info;
  if (pid === undefined) throw new Error("the runner has no pid");
  return pid;
};

/** Reads until `count` pieces came, does something, and gives the error with which it ends. */
async function failAfter(lease: ModelLease, count: number, act: () => void): Promise<unknown> {
  let seen = 0;
  try {
    for await (const event of lease.complete(endless))
      if (event.type === "text-delta" && ++seen === count) act();
  } catch (error) {
    return error;
  }
  return undefined;
}

it("fails the requests of a killed runner with the cause, and serves the next one with another", async () => {
  const engine = start();
  await using other = await engine.acquire({ modelPath: files.otherLlama, load });
  await using lease = await engine.acquire(llama);
  const pid = pidOf(lease);
  const error = await failAfter(lease, 3, () => process.kill(pid, "SIGKILL"));
  expect(error).toMatchObject({ code: "RUNNER_CRASHED", message: expect.stringContaining("SIGKILL") });
  expect((await collect(other, { prompt: "x", sampling: {}, maxTokens: 2 })).end.generatedTokens).toBe(2);
  await using again = await engine.acquire(llama);
  expect(pidOf(again)).not.toBe(pid);
  expect((await collect(again, { prompt: "x", sampling: {}, maxTokens: 2 })).end.generatedTokens).toBe(2);
});

it("ends a runner that hangs, and says so to its requests", async () => {
  // Long enough that a busy machine does not look like a hang.
  const engine = start({ hangTimeoutMs: 2_000 });
  await using lease = await engine.acquire(llama);
  const pid = pidOf(lease);
  const error = await failAfter(lease, 3, () => process.kill(pid, "SIGSTOP"));
  expect(error).toMatchObject({ code: "RUNNER_HUNG" });
  expect(await untilDead(pid, 5_000)).toBe(true);
  await using again = await engine.acquire(llama);
  expect((await collect(again, { prompt: "x", sampling: {}, maxTokens: 2 })).end.generatedTokens).toBe(2);
});

it("ends a runner that leaks, and says so to its requests", async () => {
  const runnerEntry = fileURLToPath(new URL("support/leaking-runner.ts", import.meta.url));
  const engine = start({ hangTimeoutMs: 4_000, runnerEntry });
  await using lease = await engine.acquire(llama);
  const pid = pidOf(lease);
  const error = await failAfter(lease, 1, () => {});
  expect(error).toMatchObject({
    code: "RUNNER_CRASHED",
    message: expect.stringMatching(/^the model runner leaks memory: it holds \d\.\d GiB/),
  });
  expect(await untilDead(pid, 5_000)).toBe(true);
});

it("waits before it starts a runner that died again and again", async () => {
  const engine = start();
  for (let death = 0; death < 3; death++) {
    await using lease = await engine.acquire(llama);
    const pid = pidOf(lease);
    await failAfter(lease, 1, () => process.kill(pid, "SIGKILL"));
  }
  await expect(engine.acquire(llama)).rejects.toMatchObject({
    code: "RUNNER_CRASHED",
    details: { deaths: 3, retryAfterMs: expect.any(Number) },
  });
});

it.each(["idle", "busy"])("leaves no %s runner behind when the host is killed", async (state) => {
  const host = spawn(
    process.execPath,
    [
      "--conditions=@puna/source",
      fileURLToPath(new URL("support/host-process.ts", import.meta.url)),
      files.llama,
      state,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const pid = await new Promise<number>((resolve) => {
    host.stdout.on("data", (chunk: Buffer) => resolve(Number(chunk.toString())));
  });
  expect(isAlive(pid)).toBe(true);
  host.kill("SIGKILL");
  expect(await untilDead(pid, 2000)).toBe(true);
});

it("ends its runners when it is disposed, busy ones too", async () => {
  const engine = createEngine({ env, driver: "native" });
  const lease = await engine.acquire(llama);
  const pid = pidOf(lease);
  const running = failAfter(lease, 2, () => void engine[Symbol.asyncDispose]());
  expect(EngineError.is(await running)).toBe(true);
  expect(await untilDead(pid, 2000)).toBe(true);
  await expect(engine.acquire(llama)).rejects.toMatchObject({ code: "CLOSED" });
});

it.each([
  ["that is missing", () => join(files.folder, "missing.gguf")],
  ["that is no GGUF", () => files.write("text.gguf", new TextEncoder().encode("hello".repeat(100)))],
  [
    "that is cut short",
    () => {
      const path = files.write("cut.gguf", readFileSync(files.llama));
      truncateSync(path, 40_000);
      return path;
    },
  ],
  [
    "whose norms would end llama.cpp",
    () => {
      const key = "llama.attention.layer_norm_rms_epsilon";
      const entries = [{ key, type: "float32" as const, value: -1 }];
      return files.write("negative.gguf", tinyLlama({ entries }));
    },
  ],
])("refuses a file %s before native code sees it", async (_, path) => {
  const engine = start();
  await expect(engine.acquire({ modelPath: path(), load })).rejects.toMatchObject({ code: "LOAD_FAILED" });
  expect(engine.loaded()).toEqual([]);
});

it("refuses a context that the machine has no memory for", async () => {
  const path = files.write("long.gguf", tinyLlama({ contextTokens: 2_000_000_000 }));
  const engine = start();
  await expect(
    engine.acquire({ modelPath: path, load: { contextTokens: 2_000_000_000 } }),
  ).rejects.toMatchObject({
    code: "OUT_OF_MEMORY",
    details: { neededBytes: expect.any(Number), freeBytes: expect.any(Number) },
  });
});

it.runIf(process.platform === "linux")(
  "says that memory ran out where the system refuses it to a runner, and serves what there is memory for",
  async () => {
    // As administrators limit processes; the plan of the host knows nothing of it.
    const limited = files.write("limited-node", new TextEncoder().encode(limitedNode));
    chmodSync(limited, 0o755);
    const engine = start({ execPath: limited });
    const long = files.write("roomy.gguf", tinyLlama({ contextTokens: 4_000_000 }));
    await expect(
      engine.acquire({ modelPath: long, load: { threads: 1, contextTokens: 4_000_000 } }),
    ).rejects.toMatchObject({
      code: "OUT_OF_MEMORY",
      message: expect.stringContaining("failed to allocate"),
    });
    await using lease = await engine.acquire({ modelPath: long, load });
    expect((await collect(lease, { prompt: "x", sampling: {}, maxTokens: 2 })).end.generatedTokens).toBe(2);
  },
);

it("gives up a load that makes no progress, and one that is cancelled", async () => {
  const slow = start({ loadTimeoutMs: 1 });
  await expect(slow.acquire(llama)).rejects.toMatchObject({ code: "LOAD_TIMEOUT" });
  const engine = start();
  const controller = new AbortController();
  const acquired = engine.acquire(llama, { signal: controller.signal });
  setTimeout(() => controller.abort(), 30);
  await expect(acquired).rejects.toMatchObject({ code: "ABORTED" });
  expect(engine.loaded()).toEqual([]);
});

it("shares a runner between equal requests and reloads for another context", async () => {
  const engine = start();
  await using first = await engine.acquire(llama);
  await using second = await engine.acquire({ modelPath: files.llama, load: { threads: 1 } });
  expect(pidOf(second)).toBe(pidOf(first));
  await first[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
  await using third = await engine.acquire({
    modelPath: files.llama,
    load: { threads: 1, contextTokens: 256 },
  });
  expect(pidOf(third)).not.toBe(pidOf(first));
  expect(third.info.contextTokens).toBe(256);
});

it("unloads by keep-alive, on demand, and to make room", async () => {
  const engine = start({ maxLoadedModels: 1 });
  const brief = await engine.acquire(llama, { keepAliveMs: 0 });
  const pid = pidOf(brief);
  await brief[Symbol.asyncDispose]();
  expect(await untilDead(pid, 2000)).toBe(true);

  const kept = await engine.acquire(llama, { keepAliveMs: -1 });
  expect(kept.info.expiresAtMs).toBeUndefined();
  await kept[Symbol.asyncDispose]();
  const other = await engine.acquire({ modelPath: files.otherLlama, load });
  expect(engine.loaded().map(({ modelPath }) => modelPath)).toEqual([files.otherLlama]);
  expect(await engine.unload(files.llama)).toBe(false);
  expect(await engine.unload(files.otherLlama)).toBe(true);
  await other[Symbol.asyncDispose]();
  expect(await untilDead(pidOf(other), 2000)).toBe(true);
});

it("applies LoRA adapters by their scale, and refuses files that are none", async () => {
  const engine = start();
  const answer = async (scale: number | undefined) => {
    const adapters = scale === undefined ? [] : [{ path: files.lora, scale }];
    await using lease = await engine.acquire({ ...llama, adapters });
    return (
      await collect(lease, { prompt: "Adapt", sampling: { temperature: 0 }, maxTokens: 12, logprobs: 1 })
    ).deltas;
  };
  const plain = await answer(undefined);
  expect(await answer(0)).toEqual(plain);
  expect(await answer(4)).not.toEqual(plain);
  const wrong = [{ path: files.otherLlama, scale: 1 }];
  await expect(engine.acquire({ ...llama, adapters: wrong })).rejects.toMatchObject({ code: "LOAD_FAILED" });
});

it.each(["f16", "q8_0", "q4_0"])("keeps keys and values as %s", async (kvCacheType) => {
  // Heads of 32 values: quantized ones come in blocks of so many.
  const modelPath = files.write(`wide-${kvCacheType}.gguf`, tinyLlama({ embeddingLength: 128 }));
  const engine = start();
  await using lease = await engine.acquire({
    modelPath,
    load: { ...load, kvCacheType, flashAttention: true },
  });
  expect((await collect(lease, { prompt: "x", sampling: {}, maxTokens: 4 })).end.generatedTokens).toBe(4);
});

it("keeps keys and values as f16, with a warning, where all were to be quantized without flash attention", async () => {
  const modelPath = files.write("no-flash.gguf", tinyLlama({ embeddingLength: 128 }));
  const warnings: unknown[] = [];
  const logger = {
    ...silentLogger,
    warn: (message: string, data?: unknown) => warnings.push([message, data]),
  };
  const engine = start({ kvCacheType: "q8_0", flashAttention: false, logger });
  await using lease = await engine.acquire({ modelPath, load });
  expect((await collect(lease, { prompt: "x", sampling: {}, maxTokens: 4 })).end.generatedTokens).toBe(4);
  expect(warnings).toEqual([
    [
      "quantized KV cache requested but flash attention disabled",
      { modelPath, kvCacheType: "f16", wantedType: "q8_0" },
    ],
  ]);
});

it("names the reason when a cache type does not fit the model", async () => {
  const engine = start();
  await expect(engine.acquire({ ...llama, load: { ...load, kvCacheType: "q8_0" } })).rejects.toMatchObject({
    code: "LOAD_FAILED",
    message: expect.stringContaining("does not divide"),
  });
  await expect(engine.acquire({ ...llama, load: { ...load, kvCacheType: "q3" } })).rejects.toMatchObject({
    code: "UNSUPPORTED",
  });
});

it.each([4, 40, 100, 511])(
  "embeds with a context of %i tokens, which no count of texts divides",
  async (contextTokens) => {
    const engine = start();
    await using lease = await engine.acquire({
      modelPath: files.bert,
      load: { threads: 1, contextTokens, embedding: true },
    });
    const vectors = await lease.embed(Array.from({ length: 40 }, () => [2, 5, 3]));
    expect(vectors).toHaveLength(40);
    expect(lease.info.contextTokens).toBe(contextTokens);
  },
);

it("says what llama.cpp did not like about a file that our reader let pass", async () => {
  const entries = [{ key: "general.architecture", type: "string" as const, value: "unheard-of" }];
  const path = join(files.folder, "unheard.gguf");
  writeFileSync(path, tinyLlama({ entries }));
  const engine = start();
  await expect(engine.acquire({ modelPath: path, load })).rejects.toMatchObject({
    code: "LOAD_FAILED",
    message: expect.stringContaining("unknown model architecture: 'unheard-of'"),
  });
});
