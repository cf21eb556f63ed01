/**
 * Layers on a GPU, with a real model on llama.cpp's Vulkan backend and a GPU in software: `npm run soak -- gpu`.
 * All layers there, some of them, none; and one model that makes room for another. Takes some minutes the first time,
 * while the driver makes its shaders. Needs Debian's mesa-vulkan-drivers and `node scripts/fetch-models.mjs gemma qwen`.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createEngine, type Engine, probeEngine } from "@puna/engine";
import { cacheDir, modelPath } from "../../scripts/model-files.mjs";
import { nodeLlamaCppVersion } from "../../scripts/node-llama-cpp.mjs";

const driver = "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json";
if (!existsSync(driver)) throw new Error("there is no GPU in software: apt-get install mesa-vulkan-drivers");
const mib = 2 ** 20;
/** What the engine leaves free by itself. */
const marginMib = 512;
const gemma = modelPath("gemma");
const qwen = modelPath("qwen");
const env = {
  PATH: process.env["PATH"],
  HOME: process.env["HOME"],
  PUNA_LLAMA_LIBRARIES: vulkanLibraries(),
  VK_ICD_FILENAMES: driver,
  GGML_VK_VISIBLE_DEVICES: "0",
};

const { devices } = await probeEngine({ env });
const gpu = devices.find(({ kind }) => kind === "gpu");
if (gpu === undefined) throw new Error(`llama.cpp finds no GPU: ${JSON.stringify(devices)}`);
console.log(`${gpu.name}, ${gpu.freeBytes / mib} MiB`);
let failures = 0;

const answers = new Set<string>();
for (const { room, expected } of [
  { room: 1_400, expected: "all" },
  { room: 150, expected: "some" },
  { room: 0, expected: "none" },
]) {
  await using engine = engineWith(room);
  const { text, ms } = await generate(engine, gemma);
  answers.add(text);
  const share = await shareOnGpu(engine, gemma);
  const found = share === 1 ? "all" : share > 0.12 ? "some" : "none";
  check(found === expected, `room of ${room} MiB: ${found} of the layers, ${ms} ms, ${JSON.stringify(text)}`);
}
check(answers.size === 1, "the same answer, wherever it was computed");

{
  await using engine = engineWith(1_250);
  await generate(engine, gemma);
  await generate(engine, qwen);
  const both = engine.loaded().length === 2;
  check(both, "two models stay side by side, where the driver says that there is room");
}
{
  await using engine = engineWith(1_000);
  await generate(engine, gemma);
  await generate(engine, qwen);
  const names = engine.loaded().map((model) => model.modelPath);
  check(names.length === 1 && names[0] === qwen, "one leaves for another that does not fit beside it");
}
console.log(failures === 0 ? "all of it holds" : `${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;

function check(holds: boolean, what: string): void {
  if (!holds) failures += 1;
  console.log(`${holds ? "ok    " : "FAILED"} ${what}`);
}

function engineWith(roomMib: number): Engine {
  const gpuOverheadBytes = Math.max(0, (gpu?.freeBytes ?? 0) - (roomMib + marginMib) * mib);
  return createEngine({ env, driver: "native", gpuOverheadBytes, contextTokens: 2048 });
}

async function generate(engine: Engine, model: string): Promise<{ text: string; ms: number }> {
  const begun = performance.now();
  await using lease = await engine.acquire({ modelPath: model, load: { threads: 2 } });
  const prompt = await lease.tokenize("The capital of France is", { addSpecial: true });
  let text = "";
  for await (const event of lease.complete({ prompt, maxTokens: 8, sampling: { temperature: 0 } }))
    text += event.type === "text-delta" ? event.text : "";
  return { text, ms: Math.round(performance.now() - begun) };
}

/** As llama.cpp reported it; a moment after the load. */
async function shareOnGpu(engine: Engine, model: string): Promise<number> {
  await sleep(500);
  const info = engine.loaded().find((loaded) => loaded.modelPath === model);
  return info === undefined ? Number.NaN : info.vramBytes / info.sizeBytes;
}

/** llama.cpp with its Vulkan backend, in a cache outside the checkout; of the version that the engine has. */
function vulkanLibraries(): string {
  const folder = join(dirname(cacheDir()), "vulkan");
  const backend = join(folder, "node_modules/@node-llama-cpp/linux-x64-vulkan");
  const bins = join(backend, "bins");
  const wanted = nodeLlamaCppVersion();
  if (wanted === undefined) throw new Error("node-llama-cpp is not installed");
  const found = existsSync(bins)
    ? JSON.parse(readFileSync(join(backend, "package.json"), "utf8")).version
    : "";
  if (found !== wanted) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "private": true }');
    const name = `@node-llama-cpp/linux-x64-vulkan@${wanted}`;
    execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", name], { cwd: folder });
  }
  const [name = ""] = readdirSync(bins);
  return join(bins, name);
}
