import { fork } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import type { RankedDocument } from "../engine.ts";
import { EngineError } from "../errors.ts";
import type { RunnerFacts } from "../ipc/messages.ts";
import { hostChannel } from "../ipc/process-channel.ts";
import type { Logger } from "../logger.ts";
import { exitReason, loadReason, ranOutOfMemory } from "./exit-reason.ts";
import type { Runner, StartRunner } from "./runner.ts";
import { RunnerRequests } from "./runner-requests.ts";
import { watchRunner } from "./watch-runner.ts";

export interface SpawnOptions {
  /** Path of the child's entry, `@puna/engine/runner`. */
  readonly runnerEntry: string;
  readonly execPath?: string;
  readonly execArgv?: readonly string[];
  /** Environment of the child; device selection and library paths belong here. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** A runner with requests that says nothing for so long is ended. */
  readonly hangTimeoutMs: number;
}

/** A child that was told to end and has not is stuck in native code. */
const stopTimeoutMs = 1_000;
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
    let speaks = () => {};
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-keptOutput);
      speaks();
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);

    const requests = new RunnerRequests(hostChannel(child));
    const exited = new Promise<void>((resolve) => {
      child.once("error", (cause) => {
        const text = `the model runner could not be started: ${cause.message}`;
        requests.fail(new EngineError("LOAD_FAILED", text, { cause }));
        resolve();
      });
      child.once("exit", async (code, signalName) => {
        // Its last output tells why it ended. ("close" never comes after a disconnect of ours.)
        await Promise.all([ended(child.stdout), ended(child.stderr)]);
        requests.fail(exitReason(code, signalName, output));
        resolve();
      });
    });
    const stopWatch = watchRunner(requests, {
      hangTimeoutMs: options.hangTimeoutMs,
      onHang: (reason) => {
        options.logger.warn("runner hangs", { pid: child.pid, reason: reason.message });
        requests.fail(reason);
        child.kill("SIGKILL");
      },
    });
    void exited.then(stopWatch);
    const stop = async (): Promise<void> => {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
      await exited;
      clearTimeout(timer);
    };

    try {
      const facts = await withTimeout(
        requests.greeted.then(() => requests.request({ type: "load", spec })),
        {
          timeoutMs,
          ...(signal ? { signal } : {}),
          onRestart: (restart) => {
            speaks = restart;
          },
        },
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
      throw asLoadError(error, output);
    }
  };
}

/** A runner that dies while it loads is a failed load; what it wrote says more than its error. */
function asLoadError(error: unknown, output: string): unknown {
  if (!EngineError.is(error)) return error;
  const reason = loadReason(output);
  switch (error.code) {
    case "RUNNER_CRASHED":
      return new EngineError("LOAD_FAILED", error.message, { cause: error, details: error.details });
    case "LOAD_FAILED": {
      const code = ranOutOfMemory(output) ? "OUT_OF_MEMORY" : "LOAD_FAILED";
      const text = reason === "" ? error.message : `${error.message}: ${reason}`;
      return new EngineError(code, text, { details: { ...error.details, reason } });
    }
    default:
      return error;
  }
}

async function ended(stream: Readable | null): Promise<void> {
  if (stream !== null && !stream.closed) await once(stream, "close");
}

interface LoadLimits {
  /** Since the runner last wrote anything: a load that goes on may take long. 0 = none. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Given a function that starts the time anew. */
  readonly onRestart: (restart: () => void) => void;
}

async function withTimeout<TValue>(work: Promise<TValue>, limits: LoadLimits): Promise<TValue> {
  const { timeoutMs, signal, onRestart } = limits;
  const limit = Promise.withResolvers<never>();
  const stall = () => {
    const text = `timed out waiting for the model runner to load: no progress for ${timeoutMs} ms`;
    limit.reject(new EngineError("LOAD_TIMEOUT", text));
  };
  const abort = () => {
    limit.reject(new EngineError("ABORTED", "the request was cancelled while the model was loading"));
  };
  const timer = timeoutMs > 0 && Number.isFinite(timeoutMs) ? setTimeout(stall, timeoutMs) : undefined;
  onRestart(() => timer?.refresh());
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  try {
    return await Promise.race([work, limit.promise]);
  } finally {
    clearTimeout(timer);
    onRestart(() => {});
    signal?.removeEventListener("abort", abort);
    work.catch(() => {});
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
