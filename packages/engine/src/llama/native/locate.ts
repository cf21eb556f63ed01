import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface LibraryFiles {
  readonly folder: string;
  readonly llama: string;
  readonly ggml: string;
  readonly ggmlBase: string;
  /** Backend library of a GPU package, such as `libggml-cuda.so`. */
  readonly gpu?: string;
}

const patterns = {
  llama: /^(lib)?llama\.(?!node).*(so|dylib|dll)$/,
  ggml: /^(lib)?ggml\.(.*\.)?(so|dylib|dll)$/,
  ggmlBase: /^(lib)?ggml-base\.(.*\.)?(so|dylib|dll)$/,
  gpu: /^(lib)?ggml-(cuda|vulkan)\.(so|dll)$/,
} as const;

/**
 * The prebuilt libraries that node-llama-cpp brought for this platform, those for GPUs first. They live in
 * platform packages which are its dependencies, not ours, so they are resolved from where it stands. Where a
 * folder is named, its libraries alone.
 */
export function locateLibraries(
  platform: NodeJS.Platform,
  architecture: string,
  own?: string,
): readonly LibraryFiles[] {
  if (own) {
    const files = existsSync(own) ? libraryFiles(own) : undefined;
    return files === undefined ? [] : [files];
  }
  const require = createRequire(fileURLToPath(import.meta.resolve("node-llama-cpp")));
  const found: LibraryFiles[] = [];
  for (const name of packageNames(platform, architecture)) {
    let entry: string;
    try {
      entry = require.resolve(`@node-llama-cpp/${name}`);
    } catch {
      continue; // Optional dependency of another platform, or left out on purpose.
    }
    const bins = join(dirname(dirname(entry)), "bins");
    if (!existsSync(bins)) continue;
    for (const folder of readdirSync(bins)) {
      const files = libraryFiles(join(bins, folder));
      if (files !== undefined) found.push(files);
    }
  }
  return found;
}

function packageNames(platform: NodeJS.Platform, architecture: string): readonly string[] {
  const arch = architecture === "arm" ? "armv7l" : architecture;
  switch (platform) {
    case "linux":
      return [`linux-${arch}-cuda`, `linux-${arch}-vulkan`, `linux-${arch}`];
    case "win32":
      return [`win-${arch}-cuda`, `win-${arch}-vulkan`, `win-${arch}`];
    case "darwin":
      return [`mac-${arch}-metal`, `mac-${arch}`];
    default:
      return [];
  }
}

function libraryFiles(folder: string): LibraryFiles | undefined {
  const names = readdirSync(folder);
  const path = (pattern: RegExp) => {
    const name = names.find((candidate) => pattern.test(candidate));
    return name === undefined ? undefined : join(folder, name);
  };
  const llama = path(patterns.llama);
  const ggml = path(patterns.ggml);
  const ggmlBase = path(patterns.ggmlBase);
  const gpu = path(patterns.gpu);
  if (llama === undefined || ggml === undefined || ggmlBase === undefined) return undefined;
  return { folder, llama, ggml, ggmlBase, ...(gpu === undefined ? {} : { gpu }) };
}
