import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tinyBert, tinyLlama, tinyLora } from "@puna/model-format/testing";
import { afterAll } from "vitest";

/** Small models of random weights in a folder that goes when the file's tests end. */
export function tinyFiles() {
  const folder = mkdtempSync(join(tmpdir(), "puna-engine-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, bytes: Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  return {
    folder,
    write,
    llama: write("llama.gguf", tinyLlama()),
    otherLlama: write("other-llama.gguf", tinyLlama({ seed: 7 })),
    bert: write("bert.gguf", tinyBert()),
    ranker: write("ranker.gguf", tinyBert({ pooling: "rank" })),
    lora: write("lora.gguf", tinyLora()),
  };
}
