import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Whether Debian's docker-registry is installed; under CI it must be. */
export function haveDockerRegistry(): boolean {
  if (spawnSync("docker-registry", ["--version"]).status === 0) return true;
  const text = "Debian's docker-registry is not installed (apt-get install docker-registry)";
  if (process.env["CI"] === "true") throw new Error(text);
  console.log(`skipped: ${text}`);
  return false;
}

export interface DockerRegistry extends AsyncDisposable {
  readonly port: number;
}

/** Starts the real registry on a port of its own, with its data in a folder of its own. */
export async function startDockerRegistry(): Promise<DockerRegistry> {
  const folder = await mkdtemp(join(tmpdir(), "puna-registry-"));
  const port = await freePort();
  const config = join(folder, "config.yml");
  await writeFile(
    config,
    `version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: ${join(folder, "data")}}}\nhttp: {addr: "127.0.0.1:${port}"}\n`,
  );
  const program = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
  const registry = {
    port,
    async [Symbol.asyncDispose]() {
      program.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined);
    if (answer?.status === 200) return registry;
    await sleep(50);
  }
  await registry[Symbol.asyncDispose]();
  throw new Error("docker-registry did not start");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Listening on a port, so the address is an object.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
