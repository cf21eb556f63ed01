import { afterAll, describe, expect, it } from "vitest";
import { createEngine } from "../src/create-engine.ts";
import { collect } from "./support/collect.ts";
import { deviantFiles, misnamedFile } from "./support/deviant-files.ts";
import { runnerEnv } from "./support/runner-env.ts";
import { tinyFiles } from "./support/tiny-files.ts";

/** Files that stock llama.cpp rejects or misreads: one for each published deviation that metadata can mend. */
describe("files of Ollama's own converter", () => {
  const files = tinyFiles();
  const engine = createEngine({ env: runnerEnv, driver: "native", maxLoadedModels: 1 });
  afterAll(() => engine[Symbol.asyncDispose]());
  const load = { threads: 1, contextTokens: 256 };
  const write = (name: string) => files.write(`${name}.gguf`, deviantFiles[name]?.() ?? new Uint8Array());

  it.each(Object.keys(deviantFiles).filter((name) => name !== "bert"))("%s runs", async (name) => {
    await using lease = await engine.acquire({ modelPath: write(name), load });
    const request = { prompt: [0, 3, 4], sampling: { temperature: 0, ignoreEos: true }, maxTokens: 4 };
    expect((await collect(lease, request)).end.generatedTokens).toBe(4);
  });

  it("bert with the tokenizer of snowflake-arctic-embed2 embeds", async () => {
    await using lease = await engine.acquire({
      modelPath: write("bert"),
      load: { ...load, embedding: true },
    });
    const tokens = await lease.tokenize("the cat", { addSpecial: true });
    const [vector] = await lease.embed([tokens]);
    expect(vector).toHaveLength(32);
    expect(vector?.every(Number.isFinite)).toBe(true);
  });

  it("llama ends a turn where Llama 3 does, though its file says otherwise", async () => {
    await using lease = await engine.acquire({ modelPath: write("llama"), load });
    const sampling = { temperature: 0, logitBias: [{ token: 128_009, bias: 1000 }] };
    const { end } = await collect(lease, { prompt: [0], sampling, maxTokens: 4 });
    expect(end).toMatchObject({ reason: "stop", generatedTokens: 0 });
  });

  it("are refused by name where their tensors would have to change, with a way out", async () => {
    const modelPath = files.write("misnamed.gguf", misnamedFile());
    await expect(engine.acquire({ modelPath, load })).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringMatching(/gptoss.*hf\.co/s),
    });
  });
});
