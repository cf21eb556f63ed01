import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Tests run on the sources (condition `@puna/source`), so nothing needs to be built first. */
export function packageTests(overrides: ViteUserConfig["test"] = {}) {
  return defineConfig({
    resolve: { conditions: ["@puna/source"] },
    ssr: { resolve: { conditions: ["@puna/source"] } },
    test: {
      include: ["src/**/*.test.ts", "test/**/*.test.ts"],
      // By default two cores run one file at a time. Each project must say so itself; the root's number is not heeded.
      maxWorkers: 2,
      // Far above what any takes: a busy machine is no failure, and a test that hangs is still ended.
      testTimeout: 60_000,
      hookTimeout: 60_000,
      // Waits for a condition; the default second is less than a busy machine may need.
      expect: { poll: { timeout: 15_000 } },
      ...overrides,
    },
  });
}
