import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { descendantsOf, freePort, isAlive, untilTrue } from "../support/processes.ts";

export interface SoakServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly output: () => string;
  /** Living processes that hold models. */
  runners(): readonly number[];
  /** Bytes after everything that nobody needs was given back. */
  settledMemory(): Promise<number>;
  kill(): Promise<void>;
}

/** Starts the server from source. @param dir  keys and logs; the store is elsewhere and kept */
export async function startSoakServer(
  dir: string,
  modelsDir: string,
  extra: NodeJS.ProcessEnv,
): Promise<SoakServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    PATH: process.env["PATH"],
    HOME: dir,
    PUNA_HOME: join(dir, "home"),
    OLLAMA_MODELS: modelsDir,
    OLLAMA_HOST: url,
    ...extra,
  };
  const entry = fileURLToPath(new URL("serve.ts", import.meta.url));
  const args = ["--conditions=@puna/source", "--inspect=127.0.0.1:0", entry];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-20_000);
    inspector ??= /ws:\/\/\S+/.exec(output)?.[0];
  });
  let inspector: string | undefined;
  const pid = child.pid ?? -1;
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await gone;
  };
  await untilTrue(async () => {
    if (child.exitCode !== null) throw new Error(`the server ended: ${output}`);
    return (await fetch(url).catch(() => undefined))?.ok === true;
  }, 60_000);
  return {
    url,
    port,
    pid,
    output: () => output,
    runners: () => descendantsOf(pid).filter(isAlive),
    settledMemory: async () => {
      if (inspector === undefined) throw new Error("the server has no inspector");
      await collectGarbage(inspector);
      return proportionalMemory(pid);
    },
    kill: () => end("SIGKILL"),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await end("SIGKILL");
    },
  };
}

/** Several times, with pauses: pages go back to the system some time after their objects went. */
async function collectGarbage(inspector: string): Promise<void> {
  const socket = new WebSocket(inspector);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", () => reject(new Error("the inspector cannot be reached")));
  });
  for (let round = 1; round <= 4; round++) {
    const answered = new Promise((resolve) => socket.addEventListener("message", resolve, { once: true }));
    socket.send(JSON.stringify({ id: round, method: "HeapProfiler.collectGarbage" }));
    await answered;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  socket.close();
}

/** Memory of a process where shared pages count by their share. @returns bytes */
export function proportionalMemory(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

/** Processor seconds that a process has used. */
export function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ").map(Number) ?? [];
  return ((fields[11] ?? 0) + (fields[12] ?? 0)) / 100;
}
