/**
 * How often the same seed writes another text when other requests share its decodes: sums of floats are
 * rounded in another order in a larger batch, so that a close choice may fall another way.
 *
 * node --conditions=@puna/source benchmarks/seed-differences.ts MODEL.gguf [--prompts 40] [--tokens 64] [--others 3]
 */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { createEngine, type ModelLease } from "@puna/engine";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    prompts: { type: "string", default: "40" },
    tokens: { type: "string", default: "64" },
    others: { type: "string", default: "3" },
  },
});
const [modelPath] = positionals;
if (modelPath === undefined) throw new Error("name the model's file");
const prompts = Number(values.prompts);
const maxTokens = Number(values.tokens);
const others = Number(values.others);

const subjects = ["the sea", "a clock", "rust", "tea", "an old map", "snow", "bread", "a violin"];
const promptOf = (index: number) =>
  `Story ${index} about ${subjects[index % subjects.length]}, told by a traveller:\n`;

async function write(lease: ModelLease, index: number, temperature: number): Promise<readonly number[]> {
  const sampling = { temperature, seed: index, topK: 40, topP: 0.9 };
  for await (const event of lease.complete({ prompt: promptOf(index), sampling, maxTokens })) {
    if (event.type === "generation-end") return event.tokens;
  }
  throw new Error("the answer has no end");
}

await using engine = createEngine({ parallel: others + 1, contextTokens: 1024, env: process.env });
await using lease = await engine.acquire({ modelPath });
console.log(`${basename(modelPath)}, ${lease.info.driver}, ${prompts} prompts, ${maxTokens} tokens each`);
for (const temperature of [0, 0.8]) {
  const alone: (readonly number[])[] = [];
  for (let index = 0; index < prompts; index++) alone.push(await write(lease, index, temperature));
  let again = 0;
  for (const [index, tokens] of alone.entries()) {
    if (!isSame(await write(lease, index, temperature), tokens)) again += 1;
  }
  let different = 0;
  let tokensBefore = 0;
  for (let first = 0; first < prompts; first += others + 1) {
    const group = Array.from({ length: Math.min(others + 1, prompts - first) }, (_, at) => first + at);
    const together = await Promise.all(group.map((index) => write(lease, index, temperature)));
    for (const [at, tokens] of together.entries()) {
      const wanted = alone[first + at] ?? [];
      if (isSame(tokens, wanted)) tokensBefore += maxTokens;
      else {
        different += 1;
        tokensBefore += tokens.findIndex((token, index) => token !== wanted[index]) - promptLength(wanted);
      }
    }
  }
  const share = (count: number) => `${count} of ${prompts} (${((100 * count) / prompts).toFixed(0)} %)`;
  console.log(
    `temperature ${temperature}: alone again ${share(again)} differ; with ${others} others ${share(different)} ` +
      `differ, once in ${different === 0 ? "never" : Math.round(tokensBefore / different)} tokens`,
  );
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((token, index) => token === b[index]);
}

function promptLength(tokens: readonly number[]): number {
  return Math.max(0, tokens.length - maxTokens);
}
