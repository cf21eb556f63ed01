import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "./source-files.ts";

export const bin = join(root, "apps/puna/bin/puna.js");

/**
 * A port where nobody listens, below those that systems give to outgoing connections: one of these could take it
 * before the process does that it is meant for.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(15_000, 32_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise<void>((resolve) => server.close(() => resolve()));
    return port;
  }
  throw new Error("no port is free");
}

export interface RunningServer extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly env: NodeJS.ProcessEnv;
  readonly output: () => string;
  readonly process: ChildProcess;
}

/** A real `puna serve` on a port and a store of its own. */
export async function startServer(dir: string, extra: NodeJS.ProcessEnv = {}): Promise<RunningServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env: NodeJS.ProcessEnv = {
    PATH: process.env["PATH"],
    HOME: dir,
    PUNA_HOME: join(dir, "home"),
    OLLAMA_MODELS: join(dir, "models"),
    OLLAMA_HOST: url,
    ...extra,
  };
  const child = spawn(process.execPath, [bin, "serve"], { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-20_000);
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  await untilTrue(async () => {
    if (child.exitCode !== null) throw new Error(`the server ended: ${output}`);
    return (await fetch(url).catch(() => undefined))?.ok === true;
  });
  return {
    url,
    env,
    process: child,
    pid: child.pid ?? -1,
    output: () => output,
    [Symbol.asyncDispose]: () => end(child),
  };
}

/** A real OCI registry with its files in `dir`. */
export async function startRegistry(dir: string): Promise<AsyncDisposable & { readonly host: string }> {
  const port = await freePort();
  const config = join(dir, "registry.yml");
  writeFileSync(
    config,
    `version: 0.1
storage:
  filesystem: {rootdirectory: ${join(dir, "registry")}}
  delete: {enabled: true}
http: {addr: "127.0.0.1:${port}"}
log: {level: error, accesslog: {disabled: true}}
`,
  );
  const child = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
  const host = `127.0.0.1:${port}`;
  await untilTrue(async () => {
    if (child.exitCode !== null) throw new Error("the registry ended");
    return (await fetch(`http://${host}/v2/`).catch(() => undefined))?.ok === true;
  });
  return { host, [Symbol.asyncDispose]: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await exited;
  clearTimeout(timer);
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as a user would, without a terminal. */
export function puna(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  options: { readonly stdin?: string; readonly cwd?: string } = {},
): Promise<CommandResult> {
  return runCommand(process.execPath, [bin, ...args], env, options);
}

export function runCommand(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  options: { readonly stdin?: string; readonly cwd?: string } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], {
      env,
      stdio: "pipe",
      ...(options.cwd ? { cwd: options.cwd } : {}),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.stdin.on("error", () => {});
    child.stdin.end(options.stdin ?? "");
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Process ids of all living descendants of a process. */
export function descendantsOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // It ended while we looked.
    }
  }
  const found: number[] = [];
  for (let grew = true, known = new Set([pid]); grew; ) {
    grew = false;
    for (const [child, parent] of parents) {
      if (!known.has(child) && known.has(parent)) {
        known = new Set([...known, child]);
        found.push(child);
        grew = true;
      }
    }
  }
  return found;
}

export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
  } catch {
    return false;
  }
}

/** Waits for a condition; so long only where it is never met, or the machine is very busy. */
export async function untilTrue(check: () => Promise<boolean> | boolean, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${timeoutMs / 1000} s: ${check}`);
    await sleep(50);
  }
}

/** A number of `/metrics`; 0 while it has no line. @param line  name with labels, as it is printed */
export async function metric(url: string, line: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = text.split("\n").find((printed) => printed.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1) ?? 0);
}
