import { existsSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import koffi from "koffi";
import { wantsStockMatmul } from "./runner-environment.ts";

/** As matmul/matmul.c numbers them. */
const kernels = { floats: 0, blocks: 1, superblocks: 2, repacked: 3, attention: 4 } as const;

/** Matrix products that stand in for those of the prebuilt libraries; see matmul/matmul.c. */
export interface OwnMatmul {
  readonly path: string;
  /** How many products one of the kernels has made in this process. */
  calls(kernel: keyof typeof kernels): number;
}

/**
 * Loads them for llama.cpp to find, where they were built and this processor is one of theirs. To be called before
 * the libraries of the processor's kinds are loaded: of functions with one name, the first is taken.
 */
export function loadOwnMatmul(): OwnMatmul | undefined {
  if (wantsStockMatmul()) return undefined;
  const manifest = findPackageJSON(import.meta.url);
  if (manifest === undefined) return undefined;
  const path = join(dirname(manifest), "matmul", `${process.platform}-${process.arch}.so`);
  if (!existsSync(path)) return undefined;
  try {
    const fits = koffi.load(path).func("bool puna_matmul_fits()");
    if (fits() !== true) return undefined;
    const calls = koffi.load(path, { global: true }).func("int64_t puna_matmul_calls(int kernel)");
    return { path, calls: (kernel) => Number(calls(kernels[kernel])) };
  } catch {
    return undefined; // Such as a C library older than the one it was made with. llama.cpp's own kernels do it all.
  }
}
