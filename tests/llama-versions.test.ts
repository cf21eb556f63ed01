import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { llamaRevision, nodeLlamaCppVersion } from "../scripts/node-llama-cpp.mjs";
import { root } from "./support/source-files.ts";

it("reads versions off what is installed, which is what the engine was written for", () => {
  const read = (path: string) => readFileSync(`${root}/${path}`, "utf8");
  expect(read("pnpm-workspace.yaml")).toContain(`node-llama-cpp: ${nodeLlamaCppVersion()}\n`);
  expect(read("packages/engine/src/llama/native/header.ts")).toContain(
    `(${llamaRevision()}) include/llama.h`,
  );
});
