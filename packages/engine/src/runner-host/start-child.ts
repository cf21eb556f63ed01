import { fork } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { EngineError } from "../errors.ts";
import { hostChannel } from "../ipc/process-channel.ts";
import { exitReason } from "./exit-reason.ts";
import { RunnerRequests } from "./runner-requests.ts";

export interface ChildOptions {
  /** Path of the child's entry, `@puna/engine/runner`. */
  readonly runnerEntry: string;
  readonly execPath?: string;
  readonly execArgv?: readonly string[];
  /** Environment of the child; device selection and library paths belong here. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface RunnerChild {
  readonly pid: number | undefined;
  readonly requests: RunnerRequests;
  /** Settles when the process is gone and its requests have failed. */
  readonly exited: Promise<void>;
  /** The last of what it wrote. */
  output(): string;
  /** Called with each part of what it writes; the last listener counts. */
  onOutput(listener: (text: string) => void): void;
  /** Whether it was told to end. */
  readonly isStopping: boolean;
  /** Ends it. @returns when it is gone */
  stop(): Promise<void>;
  kill(): void;
}

/** A child that was told to end and has not is stuck in native code. */
const stopTimeoutMs = 1_000;
const keptOutput = 4_000;

/** Starts the runner's entry as a child process that ends with this one. */
export function startChild(options: ChildOptions): RunnerChild {
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
  let isStopping = false;
  let listener: (text: string) => void = () => {};
  const collect = (chunk: Buffer) => {
    const text = chunk.toString();
    output = (output + text).slice(-keptOutput);
    listener(text);
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
    child.once("exit", (code, signalName) => {
      // Its last output tells why it ended. ("close" never comes after a disconnect of ours.)
      void Promise.all([ended(child.stdout), ended(child.stderr)]).then(() => {
        requests.fail(exitReason(code, signalName, output));
        resolve();
      });
    });
  });
  return {
    pid: child.pid,
    requests,
    exited,
    output: () => output,
    get isStopping() {
      return isStopping;
    },
    onOutput: (next) => {
      listener = next;
    },
    stop: async () => {
      isStopping = true;
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
      await exited;
      clearTimeout(timer);
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

async function ended(stream: Readable | null): Promise<void> {
  if (stream !== null && !stream.closed) await once(stream, "close");
}
