import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createEngine } from "../src/create-engine.ts";
import { runnerEnv } from "./support/runner-env.ts";

const cache =
  process.env["PUNA_MODEL_CACHE"] ??
  join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "puna", "models");
const modelPath = join(cache, "all-minilm-l6-v2-f16.gguf");
const isThere = existsSync(modelPath);
if (!isThere) console.log(`skipping tests with a real embedding model: ${modelPath} is missing`);

describe.skipIf(!isThere)("all-MiniLM-L6-v2, as the project converts it", () => {
  const engine = createEngine({ env: runnerEnv });
  afterAll(() => engine[Symbol.asyncDispose]());

  async function embed(texts: readonly string[]): Promise<readonly (readonly number[])[]> {
    await using lease = await engine.acquire({ modelPath, load: { embedding: true, threads: 1 } });
    const tokens = await Promise.all(texts.map((text) => lease.tokenize(text, { addSpecial: true })));
    const vectors = await lease.embed(tokens);
    return vectors.map((vector) => {
      const length = Math.hypot(...vector);
      return [...vector].map((value) => value / length);
    });
  }
  const cosine = (a: readonly number[] = [], b: readonly number[] = []) =>
    a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

  it("splits words as its own tokenizer does", async () => {
    await using lease = await engine.acquire({ modelPath, load: { embedding: true, threads: 1 } });
    expect(await lease.tokenize("A man is eating food.", { addSpecial: true })).toEqual([
      101, 1037, 2158, 2003, 5983, 2833, 1012, 102,
    ]);
  });

  it("gives the published vector of its model card's example", async () => {
    const [vector] = await embed(["This is an example sentence"]);
    const published = [0.0677, 0.0635, 0.0487, 0.0793];
    for (const [index, value] of published.entries()) expect(vector?.[index]).toBeCloseTo(value, 2);
  });

  it("gives each of many texts of one decode the vector that it has alone", async () => {
    const texts = Array.from(
      { length: 40 },
      (_, index) => `${"word ".repeat(1 + (index % 7))}number ${index}`,
    );
    const together = await embed(texts);
    for (const index of [0, 17, 39]) {
      const [alone] = await embed([texts[index] ?? ""]);
      expect(cosine(alone, together[index])).toBeGreaterThan(0.9999);
    }
  });

  it("puts like next to like", async () => {
    const [one, other, unlike] = await embed([
      "A man is eating food.",
      "Someone has a meal.",
      "The stock market fell sharply today.",
    ]);
    expect(cosine(one, other)).toBeGreaterThan(cosine(one, unlike) + 0.4);
  });
});
