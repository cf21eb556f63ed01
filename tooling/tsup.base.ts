import { defineConfig, type Options } from "tsup";

/** The build every library package shares: ESM for Node 22, declarations, siblings and dependencies left external. */
export function library(entry: Record<string, string>, overrides: Options = {}) {
  return defineConfig({
    entry,
    format: ["esm"],
    target: "node22",
    dts: true,
    clean: true,
    sourcemap: true,
    splitting: true,
    // Without it the check that browser entries hold no Node built-in could not fail.
    removeNodeProtocol: false,
    ...overrides,
  });
}
