import { readdirSync, readFileSync, statSync } from "node:fs";
import { bytesSource, fileTypeName, readGguf } from "@puna/model-format/gguf";
import { tinyLlama } from "@puna/model-format/testing";
import { expect, it } from "vitest";
import { createEngine } from "../src/create-engine.ts";
import { createQuantizer } from "../src/create-quantizer.ts";
import { collect } from "./support/collect.ts";
import { runnerEnv as env } from "./support/runner-env.ts";
import { tinyFiles } from "./support/tiny-files.ts";

const files = tinyFiles();
// Rows of 256 values, as the K types need them.
const source = files.write("source.gguf", tinyLlama({ embeddingLength: 256 }));
const quantizer = createQuantizer({ folder: `${files.folder}/out`, env, threads: 1 });

it.each(["F16", "BF16", "F32", "Q4_K_S", "Q4_K_M", "Q4_K", "q8_0"])(
  "makes %s copies that load, with progress",
  async (type) => {
    const progress: string[] = [];
    const path = await quantizer.quantize(source, type, {
      onProgress: (done, total) => progress.push(`${done}/${total}`),
    });
    const gguf = await readGguf(bytesSource(new Uint8Array(readFileSync(path))));
    expect(fileTypeName(gguf.metadata.number("general.file_type") ?? -1)).toBe(
      type === "Q4_K" ? "Q4_K_M" : type.toUpperCase(),
    );
    expect(progress.at(-1)).toBe(`${gguf.tensors.length}/${gguf.tensors.length}`);
    if (type !== "F32") expect(statSync(path).size).toBeLessThan(statSync(source).size * 0.8);
    await using engine = createEngine({ env });
    await using lease = await engine.acquire({ modelPath: path, load: { threads: 1 } });
    expect((await collect(lease, { prompt: "x", sampling: {}, maxTokens: 2 })).end.generatedTokens).toBe(2);
  },
);

it("refuses unknown types, broken files and models that are quantized already, and leaves nothing behind", async () => {
  await expect(quantizer.quantize(source, "Q99")).rejects.toMatchObject({ code: "UNSUPPORTED" });
  const broken = files.write("broken.gguf", new Uint8Array(100));
  await expect(quantizer.quantize(broken, "Q8_0")).rejects.toMatchObject({ code: "LOAD_FAILED" });
  const quantized = await quantizer.quantize(source, "Q8_0");
  const before = readdirSync(`${files.folder}/out`).length;
  await expect(quantizer.quantize(quantized, "Q4_K_M")).rejects.toMatchObject({
    code: "INTERNAL",
    message: expect.stringContaining("requantizing"),
  });
  expect(readdirSync(`${files.folder}/out`)).toHaveLength(before);
});

it("stops when cancelled", async () => {
  const controller = new AbortController();
  const work = quantizer.quantize(source, "Q4_K_M", { signal: controller.signal });
  controller.abort();
  await expect(work).rejects.toMatchObject({ code: "ABORTED" });
});
