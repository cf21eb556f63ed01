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

it("names the same versions where a README has them installed by hand", () => {
  const readme = readFileSync(`${root}/apps/puna/README.md`, "utf8");
  const [, koffi] = /^ {2}koffi: (\S+)$/m.exec(readFileSync(`${root}/pnpm-workspace.yaml`, "utf8")) ?? [];
  expect(readme).toContain(
    `@node-llama-cpp/linux-x64@${nodeLlamaCppVersion()} @koromix/koffi-linux-x64@${koffi}\n`,
  );
});
