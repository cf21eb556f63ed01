// Start-up of the built command, `list` with many models, and sizes: `node --conditions=@puna/source cli-start.ts
// [--models 300] [--runs 15]`, after `pnpm build`. Prints one JSON line per figure: milliseconds of the quickest and the
// middle run.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { tinyLlama } from "@puna/model-format/testing";

const { values } = parseArgs({
  options: { models: { type: "string", default: "300" }, runs: { type: "string", default: "15" } },
});
const models = Number(values.models);
const runs = Number(values.runs);
const app = join(import.meta.dirname, "../apps/puna");
const bin = join(app, "bin/puna.js");
const home = mkdtempSync(join(tmpdir(), "puna-cli-start-"));
const port = 20_000 + (process.pid % 20_000);
const env = { ...process.env, HOME: home, PUNA_HOME: home, OLLAMA_HOST: `127.0.0.1:${port}` };

print({ machine: cpus()[0]?.model, cores: cpus().length, node: process.version, models, runs });
print({
  figure: "size of the command line's own files",
  bytes: sizeOf(join(app, "dist")),
});
const server = spawn(process.execPath, [bin, "serve"], { env, stdio: "ignore" });
try {
  await untilItAnswers();
  const file = join(home, "tiny.gguf");
  writeFileSync(file, tinyLlama());
  writeFileSync(join(home, "Modelfile"), `FROM ${file}\n`);
  puna("create", "tiny", "-f", join(home, "Modelfile"));
  for (let at = 1; at < models; at++) await copy(`model-${at}`);
  for (const [figure, limitMs, ...words] of [
    ["puna --version", 50, "--version"],
    ["puna --help", 100, "--help"],
    [`puna list, ${models} models`, 150, "list"],
    ["puna ps", 150, "ps"],
  ] as const)
    print({ figure, limitMs, ...measure(words) });
} finally {
  server.kill();
  rmSync(home, { recursive: true, force: true });
}

function puna(...words: readonly string[]): string {
  return execFileSync(process.execPath, [bin, ...words], {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}

function measure(words: readonly string[]) {
  // The first run fills the cache of compiled code.
  puna(...words);
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    puna(...words);
    times.push(performance.now() - start);
  }
  times.sort((left, right) => left - right);
  return { quickestMs: round(times[0]), middleMs: round(times[Math.floor(times.length / 2)]) };
}

async function copy(destination: string): Promise<void> {
  const body = JSON.stringify({ source: "tiny", destination });
  const response = await fetch(`http://127.0.0.1:${port}/api/copy`, { method: "POST", body });
  if (!response.ok) throw new Error(`copying failed: ${await response.text()}`);
}

async function untilItAnswers(): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if ((await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined))?.ok) return;
    await sleep(100);
  }
  throw new Error("the server did not start");
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".js"))
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

function round(ms = Number.NaN): number {
  return Math.round(ms * 10) / 10;
}

function print(figures: object): void {
  console.log(JSON.stringify(figures));
}
