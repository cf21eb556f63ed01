import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import koffi from "koffi";
import { loadLlamaLibrary } from "../../src/llama/native/library.ts";

const path = fileURLToPath(new URL(`../../matmul/${process.platform}-${process.arch}.so`, import.meta.url));
const isTheirKind = process.platform === "linux" && process.arch === "x64";
const flags = isTheirKind ? readFileSync("/proc/cpuinfo", "utf8") : "";
const has = (flag: string) => new RegExp(`\\b${flag}\\b`).test(flags);

/** llama.cpp in this process, silent, with our matrix products where they are used. */
export const library = loadLlamaLibrary();
library.c.llama_log_set(library.silentLogAddress, null);

/** Whether our products run on this processor, and whether they took the place of llama.cpp's. */
export const canRun = existsSync(path) && ["avx2", "fma", "f16c"].every(has);
export const isUsed = library.ownMatmul !== undefined;

// A check that skips where it should run is none.
if (process.env["CI"] && isTheirKind) {
  if (!existsSync(path)) throw new Error(`${path} was not built`);
  for (const name of readdirSync(dirname(path)).filter((name) => /\.[ch]$/.test(name))) {
    const changed = statSync(join(dirname(path), name)).mtimeMs;
    if (statSync(path).mtimeMs < changed) throw new Error(`${path} is older than ${name}`);
  }
  if (canRun && !has("avx512f") && !isUsed) throw new Error("our matrix products are not used here");
}
if (!isUsed)
  console.log("our matrix products were not built, or are not for this processor: some tests skip");

/** Our products, and the library of llama.cpp that they are compared with. Only where they can run. */
export function openProducts() {
  const maps = readFileSync("/proc/self/maps", "utf8");
  const theirPath = /\S*libggml-cpu[^/\n]*\.so\S*/.exec(maps)?.[0];
  if (theirPath === undefined) throw new Error("llama.cpp's library for this processor is not loaded");
  const [ours, theirs] = [koffi.load(path), koffi.load(theirPath)];
  const dot = (name: string) =>
    theirs.func(
      `void ggml_vec_dot_${name}(int n, void *s, size_t bs, void *a, size_t ba, void *b, size_t bb, int nrc)`,
    );
  const repacked = (type: "q4_K" | "q4_0") => {
    const name = { q4_K: "q4_K_8x8_q8_K", q4_0: "q4_0_8x8_q8_0" }[type];
    const parameters = "int n, void *s, size_t bs, void *a, void *b, int nr, int nc";
    return {
      ours: ours.func(`void ggml_gemm_${name}(${parameters})`),
      theirs: theirs.func(`void ggml_gemv_${name}(${parameters})`),
    };
  };
  return {
    multiply: ours.func(
      "bool llamafile_sgemm(void *params, int64_t m, int64_t n, int64_t k, void *a, int64_t lda, void *b, int64_t ldb, void *c, int64_t ldc, int at, int bt, int ct)",
    ),
    attend: ours.func("void ggml_compute_forward_flash_attn_ext(void *params, void *dst)"),
    dot,
    repacked,
  };
}

/** Runs the part of each of so many threads, one after the other. @param work  memory that they share */
export function inThreads(count: number, run: (params: Uint8Array) => void, work = new Uint8Array(0)): void {
  for (let ith = 0; ith < count; ith++) {
    const params = new Uint8Array(40);
    new Int32Array(params.buffer).set([ith, count]);
    if (work.length > 0) {
      const fields = new BigUint64Array(params.buffer);
      fields[1] = BigInt(work.length);
      fields[2] = koffi.address(work);
    }
    run(params);
  }
}
