import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bytesSource, encodeGguf, type GgufWriteEntry, readGguf } from "@puna/model-format/gguf";
import { afterAll, expect, it } from "vitest";
import { createEngine } from "../src/create-engine.ts";
import { readModelFacts } from "../src/read-model-facts.ts";
import { collect } from "./support/collect.ts";
import { runnerEnv } from "./support/runner-env.ts";
import { tinyFiles } from "./support/tiny-files.ts";

const files = tinyFiles();
const engine = createEngine({ env: runnerEnv, driver: "native", contextTokens: 256 });
afterAll(() => engine[Symbol.asyncDispose]());

/** Writes the tiny model as three files, as llama-gguf-split does. @returns the first one's path */
async function split(prefix: string): Promise<string> {
  const bytes = new Uint8Array(readFileSync(files.llama));
  const gguf = await readGguf(bytesSource(bytes));
  const count = 3;
  const paths: string[] = [];
  for (let part = 0; part < count; part++) {
    const marks: GgufWriteEntry[] = [
      { key: "split.no", type: "uint16", value: part },
      { key: "split.count", type: "uint16", value: count },
      { key: "split.tensors.count", type: "int32", value: gguf.tensors.length },
    ];
    const tensors = gguf.tensors
      .filter((_, index) => index % count === part)
      .map(({ name, type, shape, offset, sizeBytes }) => {
        const from = gguf.dataOffset + offset;
        return { name, type, shape, data: bytes.subarray(from, from + sizeBytes) };
      });
    const model: GgufWriteEntry[] = [];
    if (part === 0) {
      for (const { key, type, value } of gguf.metadata) {
        model.push(
          typeof value === "object"
            ? ({
                key,
                type: "array",
                elementType: value.elementType,
                value: await value.toArray(),
              } as GgufWriteEntry)
            : ({ key, type, value } as GgufWriteEntry), // Read from a file, type and value belong together.
        );
      }
    }
    const name = `${prefix}-0000${part + 1}-of-0000${count}.gguf`;
    paths.push(files.write(name, encodeGguf({ entries: [...model, ...marks], tensors })));
  }
  return paths[0] ?? "";
}

it("runs a sharded model as the whole one, and counts the memory of all its parts", async () => {
  const answer = async (modelPath: string) => {
    await using lease = await engine.acquire({ modelPath, load: { threads: 1 } });
    const { text } = await collect(lease, { prompt: "Parts", sampling: { temperature: 0 }, maxTokens: 12 });
    return text;
  };
  const first = await split("whole");
  expect(await answer(first)).toBe(await answer(files.llama));
  const whole = (await readModelFacts(files.llama)).fileBytes;
  expect((await readModelFacts(first)).fileBytes).toBeGreaterThan(whole * 0.99);
});

it("reads every part before native code does", async () => {
  const load = (modelPath: string) => engine.acquire({ modelPath, load: { threads: 1 } });
  const lacking = await split("lacking");
  rmSync(lacking.replace("00001-of", "00003-of"));
  await expect(load(lacking)).rejects.toMatchObject({ code: "LOAD_FAILED" });
  const broken = await split("broken");
  const second = broken.replace("00001-of", "00002-of");
  files.write(second.slice(files.folder.length + 1), readFileSync(second).subarray(0, 300));
  await expect(load(broken)).rejects.toMatchObject({ code: "LOAD_FAILED" });
  const mixed = await split("mixed");
  files.write("mixed-00002-of-00003.gguf", readFileSync(join(files.folder, "mixed-00003-of-00003.gguf")));
  await expect(load(mixed)).rejects.toMatchObject({ code: "LOAD_FAILED" });
  await expect(load(join(files.folder, "whole-00002-of-00003.gguf"))).rejects.toMatchObject({
    code: "LOAD_FAILED",
    message: expect.stringContaining("it is part 2 of 3"),
  });
});
