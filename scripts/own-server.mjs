import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

export const bin = fileURLToPath(new URL("../apps/puna/bin/puna.js", import.meta.url));

/**
 * A puna server on a port and a store of its own, for scripts: it never meets another server's models.
 * @param dir  holds the store, the keys and the logs
 * @returns {Promise<{url: string, env: NodeJS.ProcessEnv, stop: () => Promise<void>}>}
 */
export async function startOwnServer(dir, extraEnv = {}) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    ...process.env,
    OLLAMA_HOST: url,
    PUNA_HOME: dir,
    OLLAMA_MODELS: `${dir}/models`,
    ...extraEnv,
  };
  const child = spawn(process.execPath, [bin, "serve"], { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output = (output + chunk).slice(-4000);
    });
  }
  const exited = new Promise((resolve) => child.once("close", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await exited;
    clearTimeout(timer);
  };
  for (let waited = 0; waited < 20_000; waited += 50) {
    if (child.exitCode !== null) break;
    if (await isPuna(url)) return { url, env, pid: child.pid, stop };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await stop();
  throw new Error(`the puna server did not start: ${output.trim()}`);
}

async function isPuna(url) {
  try {
    const response = await fetch(`${url}/api/version`, { signal: AbortSignal.timeout(1_000) });
    return typeof (await response.json()).puna === "string";
  } catch {
    return false;
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Runs the command line with the terminal of this process. @returns its exit code */
export function runPuna(args, env, { input } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], {
      env,
      stdio: [input === undefined ? "inherit" : "pipe", "inherit", "inherit"],
    });
    if (input !== undefined) child.stdin.end(input);
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(signal === null ? code : 130));
  });
}
