import type { RankedDocument } from "../engine.ts";
import { EngineError } from "../errors.ts";
import type { RunnerFacts } from "../ipc/messages.ts";
import type { Logger } from "../logger.ts";
import { loadReason, ranOutOfMemory } from "./exit-reason.ts";
import { withinLimits } from "./load-limits.ts";
import { LoadReporter } from "./load-report.ts";
import { retireRunner } from "./retire-runner.ts";
import type { Runner, StartRunner } from "./runner.ts";
import type { RunnerRequests } from "./runner-requests.ts";
import { type ChildOptions, type RunnerChild, startChild } from "./start-child.ts";
import { mostBytesOf, watchRunner } from "./watch-runner.ts";

export interface SpawnOptions extends ChildOptions {
  readonly logger: Logger;
  /** A runner with requests that says nothing for so long is ended. */
  readonly hangTimeoutMs: number;
}

/** Starts runners as child processes of this one. */
export function spawnRunner(options: SpawnOptions): StartRunner {
  const { logger } = options;
  return async (spec, { timeoutMs, signal }) => {
    const child = startChild(options);
    const { requests } = child;
    const reporter = new LoadReporter();
    let restartLimit = () => {};
    child.onOutput((text) => {
      reporter.push(text);
      restartLimit();
    });
    try {
      const work = requests.greeted.then(() => requests.request({ type: "load", spec }));
      const facts = await withinLimits(work, {
        timeoutMs,
        ...(signal ? { signal } : {}),
        onRestart: (restart) => {
          restartLimit = restart;
        },
      });
      logger.info("runner ready", { pid: child.pid, modelPath: spec.modelPath });
      watch(child, options, mostBytesOf(spec));
      // "done" of a load carries RunnerFacts; the versions were compared above.
      const runner = { ...toRunner(child, facts as RunnerFacts), report: () => reporter.report() };
      if (spec.savedStates === undefined) return runner;
      return { ...runner, stop: () => retireRunner(requests).then(child.stop) };
    } catch (error) {
      await child.stop();
      const makesRoom = spec.wholeOnGpu && EngineError.is(error) && error.code === "OUT_OF_MEMORY";
      if (makesRoom) logger.info("others make room on the GPU", { modelPath: spec.modelPath });
      else if (EngineError.is(error) && error.code !== "ABORTED")
        logOutput("model load failed", child, logger);
      throw asLoadError(error, child.output());
    }
  };
}

/** Everything that it wrote goes to the log; whoever asked learns the cause only. */
function logOutput(message: string, child: RunnerChild, logger: Logger): void {
  logger.warn(message, { pid: child.pid, output: child.output().trim() });
}

function watch(
  child: RunnerChild,
  { hangTimeoutMs, logger }: SpawnOptions,
  mostBytes: number | undefined,
): void {
  const stopWatch = watchRunner(child.requests, {
    hangTimeoutMs,
    ...(mostBytes === undefined ? {} : { mostBytes }),
    onFailure: (reason) => {
      logger.warn("runner is ended", { pid: child.pid, reason: reason.message });
      child.requests.fail(reason);
      child.kill();
    },
  });
  void child.exited.then(() => {
    stopWatch();
    if (!child.isStopping) logOutput("runner ended unexpectedly", child, logger);
  });
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

function toRunner({ requests, exited, stop, pid }: RunnerChild, facts: RunnerFacts): Runner {
  return {
    facts,
    exited,
    isUsable: () => !requests.hasFailed,
    answered: () => requests.answered,
    stop,
    ...(pid === undefined ? {} : { pid }),
    complete: (request, turn, signal) => requests.stream({ type: "complete", request, turn }, signal),
    // Each answer's shape belongs to its request; the child is of our own version.
    tokenize: async (text, addSpecial) =>
      (await requests.request({ type: "tokenize", text, addSpecial })) as readonly number[],
    detokenize: async (tokens) => (await requests.request({ type: "detokenize", tokens })) as string,
    embed: async (inputs, signal) =>
      (await requests.request({ type: "embed", inputs }, signal)) as readonly Float32Array[],
    rank: async (query, documents, signal) =>
      (await requests.request({ type: "rank", query, documents }, signal)) as readonly RankedDocument[],
    health: (timeoutMs) => askHealth(requests, timeoutMs),
  };
}

async function askHealth(requests: RunnerRequests, timeoutMs: number): Promise<void> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    limit.reject(new EngineError("RUNNER_HUNG", `the model runner did not answer for ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    await Promise.race([requests.request({ type: "health" }), limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}
