import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { isReady } from "./engine-http.ts";

export interface ServerProcess extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** Of `performance.now()`. */
  readonly startedAt: number;
}

/** Starts a program that listens on a free port, and waits until a path of it answers. */
export async function startProcess(
  command: string,
  args: (port: number) => readonly string[],
  options: { readonly readyPath: string; readonly env: (port: number) => NodeJS.ProcessEnv },
): Promise<ServerProcess> {
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawn(command, args(port), {
    env: options.env(port),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-1_000);
  });
  while (!(await isReady(port, options.readyPath))) {
    if (hasEnded(child))
      throw new Error(`${command} ended with ${child.exitCode ?? child.signalCode}: ${output}`);
    await sleep(2);
  }
  return {
    port,
    startedAt,
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: () => end(child),
  };
}

/** By itself or by a signal, such as that of a failed assertion. */
const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await exited;
  clearTimeout(timer);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
