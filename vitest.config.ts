import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tooling/longest-first.ts";

export default defineConfig({
  test: { projects: ["packages/*", "apps/*", "tests"], sequence: { sequencer: LongestFirst } },
});
