import { fork } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { RankedDocument } from "../engine.ts";
import { EngineError } from "../errors.ts";
import type { RunnerFacts } from "../ipc/messages.ts";
import { hostChannel } from "../ipc/process-channel.ts";
import type { Logger } from "../logger.ts";
import { exitReason } from "./exit-reason.ts";
import type { Runner, StartRunner } from "./runner.ts";
import { RunnerRequests } from "./runner-requests.ts";

export interface SpawnOptions {
  /** Path of the child's entry, `@puna/engine/runner`. */
  readonly runnerEntry: string;
  readonly execPath?: string;
  readonly execArgv?: readonly string[];
  /** Environment of the child; device selection and library paths belong here. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
}

const stopTimeoutMs = 2_000;
const keptOutput = 4_000;

/** Starts runners as child processes of this one. */
export function spawnRunner(options: SpawnOptions): StartRunner {
  return async (spec, { timeoutMs, signal }) => {
    const child = fork(options.runnerEntry, [], {
      ...(options.execPath === undefined ? {} : { execPath: options.execPath }),
      execArgv: [...(options.execArgv ?? [])],
      // One worker thread: llama.cpp's own threads find their work on the same one each time (0.70 → 0.96
      // of llama-server's speed with several).
      env: { ...options.env, UV_THREADPOOL_SIZE: "1" },
      serialization: "advanced",
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    let output = "";
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-keptOutput);
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);

    const requests = new RunnerRequests(hostChannel(child));
    const exited = new Promise<void>((resolve) => {
      child.once("error", (cause) => {
        requests.fail(
          new EngineError("LOAD_FAILED", `the model runner could not be started: ${cause.message}`, {
            cause,
          }),
        );
        resolve();
      });
      child.once("exit", (code, signalName) => {
        requests.fail(exitReason(code, signalName, output));
        resolve();
      });
    });
    const stop = async (): Promise<void> => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      // The child exits when the channel closes; one that is stuck in native code is killed.
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
      await exited;
      clearTimeout(timer);
    };

    try {
      const facts = await withTimeout(
        requests.greeted.then(() => requests.request({ type: "load", spec })),
        { timeoutMs, ...(signal ? { signal } : {}) },
      );
      options.logger.info("runner ready", { pid: child.pid, modelPath: spec.modelPath });
      // "done" of a load carries RunnerFacts; the versions were compared above.
      return toRunner(requests, {
        facts: facts as RunnerFacts,
        exited,
        stop,
        ...(child.pid === undefined ? {} : { pid: child.pid }),
      });
    } catch (error) {
      await stop();
      throw asLoadError(error);
    }
  };
}

/** A runner that dies while it loads is a failed load. */
function asLoadError(error: unknown): unknown {
  if (EngineError.is(error) && error.code === "RUNNER_CRASHED") {
    return new EngineError("LOAD_FAILED", error.message, { cause: error, details: error.details });
  }
  return error;
}

async function withTimeout<TValue>(
  work: Promise<TValue>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<TValue> {
  const controller = new AbortController();
  const racers: Promise<TValue>[] = [work];
  if (timeoutMs > 0 && Number.isFinite(timeoutMs)) {
    racers.push(
      sleep(timeoutMs, undefined, { signal: controller.signal }).then(() => {
        throw new EngineError(
          "LOAD_TIMEOUT",
          `timed out waiting for the model runner to load after ${timeoutMs} ms`,
        );
      }),
    );
  }
  if (signal) {
    racers.push(
      new Promise((_, reject) => {
        const abort = () =>
          reject(new EngineError("ABORTED", "the request was cancelled while the model was loading"));
        if (signal.aborted) abort();
        signal.addEventListener("abort", abort, { once: true, signal: controller.signal });
      }),
    );
  }
  try {
    return await Promise.race(racers);
  } finally {
    controller.abort();
    for (const racer of racers) racer.catch(() => {});
  }
}

function toRunner(
  requests: RunnerRequests,
  parts: Pick<Runner, "facts" | "exited" | "stop"> & { readonly pid?: number },
): Runner {
  return {
    ...parts,
    complete: (request, turn, signal) => requests.stream({ type: "complete", request, turn }, signal),
    // Each answer's shape belongs to its request; the child is of our own version.
    tokenize: async (text, addSpecial) =>
      (await requests.request({ type: "tokenize", text, addSpecial })) as readonly number[],
    detokenize: async (tokens) => (await requests.request({ type: "detokenize", tokens })) as string,
    embed: async (inputs, signal) =>
      (await requests.request({ type: "embed", inputs }, signal)) as readonly Float32Array[],
    rank: async (query, documents, signal) =>
      (await requests.request({ type: "rank", query, documents }, signal)) as readonly RankedDocument[],
    health: async (timeoutMs) => {
      const timer = Promise.withResolvers<never>();
      const timeout = setTimeout(
        () =>
          timer.reject(new EngineError("RUNNER_HUNG", `the model runner did not answer for ${timeoutMs} ms`)),
        timeoutMs,
      );
      try {
        await Promise.race([requests.request({ type: "health" }), timer.promise]);
      } finally {
        clearTimeout(timeout);
      }
    },
  };
}
