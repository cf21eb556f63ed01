/**
 * Whether drafts taken from the prompt (the tokens that followed the last three before) would speed up a single
 * stream on this processor: how many of them greedy answers accept, against what it costs to verify them.
 * Times are processor time of one thread, which other programs disturb least.
 *
 * node --conditions=@puna/source benchmarks/prompt-lookup.ts MODEL.gguf [--tokens 96] [--drafts 4]
 */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { createEngine } from "@puna/engine";
import { LlamaContext } from "../packages/engine/src/llama/native/context.ts";
import { loadLlamaLibrary } from "../packages/engine/src/llama/native/library.ts";
import { LlamaModel } from "../packages/engine/src/llama/native/model.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tokens: { type: "string", default: "96" }, drafts: { type: "string", default: "4" } },
});
const [modelPath] = positionals;
if (modelPath === undefined) throw new Error("name the model's file");
const maxTokens = Number(values.tokens);
const drafts = Number(values.drafts);
const ngram = 3;

const code = `function total(items) {
  let sum = 0;
  for (const item of items) {
    sum += item.price * item.count;
  }
  return sum;
}`;
const tasks = {
  "edit code": `Rename the variable sum to result in this code:\n${code}\n\nThe changed code:\n`,
  "answer freely": "Describe a walk along the sea on a windy day in autumn.\n\n",
  summarise: `${"The council met on Monday and decided to build a bridge over the river. ".repeat(4)}\nSummary: The council`,
};

/** Processor time of a decode of 1 to 1 + drafts tokens after a context of some hundred. */
async function verifyCosts(path: string): Promise<readonly number[]> {
  const library = loadLlamaLibrary();
  library.c.llama_log_set(library.silentLogAddress, null);
  const spec = {
    driver: "native",
    modelPath: path,
    adapters: [],
    contextTokens: 512,
    contextIsTrainedLength: false,
    // As many logits of one decode as there are sequences.
    parallel: drafts + 1,
    batchTokens: 256,
    gpuLayers: 0,
    threads: 1,
    kvCacheType: "f16",
    embedding: false,
    kvOverrides: [],
    promptCacheBytes: 0,
  } as const;
  const model = await LlamaModel.load(library, spec);
  const context = LlamaContext.create(model, spec);
  const start = 200;
  for (let at = 0; at < start; at++) context.add(0, 1000 + at, at, false);
  await context.decode();
  const times = Array.from({ length: drafts + 1 }, () => [] as number[]);
  for (let round = 0; round < 9; round++) {
    for (const [extra, all] of times.entries()) {
      context.cut(0, start);
      for (let at = 0; at <= extra; at++) context.add(0, 2000 + at, start + at, true);
      const begun = process.cpuUsage();
      await context.decode();
      const { user, system } = process.cpuUsage(begun);
      all.push((user + system) / 1000);
    }
  }
  context.free();
  model.free();
  return times.map((all) => all.sort((a, b) => a - b)[4] ?? 0);
}

/** How many drafted tokens each step of a finished greedy answer would have accepted, on average. */
function acceptedPerStep(tokens: readonly number[], promptTokens: number): number {
  let at = promptTokens;
  let steps = 0;
  let accepted = 0;
  while (at < tokens.length) {
    steps += 1;
    const draft = draftAfter(tokens.slice(0, at));
    let matched = 0;
    while (matched < draft.length && at + matched < tokens.length && draft[matched] === tokens[at + matched])
      matched += 1;
    accepted += matched;
    at += matched + 1;
  }
  return accepted / Math.max(1, steps);
}

function draftAfter(known: readonly number[]): readonly number[] {
  const last = known.slice(-ngram);
  for (let from = known.length - ngram - 1; from >= 0; from--) {
    if (last.every((token, index) => known[from + index] === token))
      return known.slice(from + ngram, from + ngram + drafts);
  }
  return [];
}

const costs = await verifyCosts(modelPath);
const [one = 1] = costs;
console.log(basename(modelPath));
console.log(
  `cost of 1 to ${drafts + 1} tokens: ${costs.map((ms) => (ms / one).toFixed(2)).join(" ")} (1 = ${one.toFixed(1)} ms)`,
);
await using engine = createEngine({ env: process.env, contextTokens: 1024 });
await using lease = await engine.acquire({ modelPath });
for (const [name, prompt] of Object.entries(tasks)) {
  for await (const event of lease.complete({ prompt, sampling: { temperature: 0 }, maxTokens })) {
    if (event.type !== "generation-end") continue;
    const accepted = acceptedPerStep(event.tokens, event.promptTokens);
    const speed = (1 + accepted) / ((costs[drafts] ?? one) / one);
    console.log(
      `${name}: ${accepted.toFixed(2)} accepted a step, ${speed.toFixed(2)} × the speed without drafts if every step drafts`,
    );
  }
}
