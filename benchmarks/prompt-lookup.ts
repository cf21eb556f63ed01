/**
 * Whether drafts taken from the prompt (the tokens that followed the last three before) would speed up a single
 * stream on this processor: how many of them greedy answers accept, against what it costs to verify them.
 * Times are of the wall, so nothing else should run; with one thread they are processor time, which other programs
 * disturb least.
 *
 * node --conditions=@puna/source benchmarks/prompt-lookup.ts MODEL.gguf [--tokens 96] [--drafts 4] [--threads 2]
 */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { createEngine } from "@puna/engine";
import { LlamaContext } from "../packages/engine/src/llama/native/context.ts";
import { loadLlamaLibrary } from "../packages/engine/src/llama/native/library.ts";
import { LlamaModel } from "../packages/engine/src/llama/native/model.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tokens: { type: "string", default: "96" },
    drafts: { type: "string", default: "4" },
    threads: { type: "string", default: "2" },
  },
});
const [modelPath] = positionals;
if (modelPath === undefined) throw new Error("name the model's file");
const maxTokens = Number(values.tokens);
const drafts = Number(values.drafts);
const threads = Number(values.threads);
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

/** Time of a decode of 1 to 1 + drafts tokens after a context of some hundred. */
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
    threads,
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
  // Size by size, so that llama.cpp can use its graph again.
  for (const [extra, all] of times.entries()) {
    for (let round = 0; round < 11; round++) {
      context.cut(0, start);
      for (let at = 0; at <= extra; at++) context.add(0, 2000 + at, start + at, true);
      const [cpu, wall] = [process.cpuUsage(), performance.now()];
      await context.decode();
      const { user, system } = process.cpuUsage(cpu);
      all.push(threads === 1 ? (user + system) / 1000 : performance.now() - wall);
    }
  }
  context.free();
  model.free();
  return times.map((all) => all.sort((a, b) => a - b)[5] ?? 0);
}

/**
 * A finished greedy answer, written again with drafts.
 * @param costs  of a decode of 1, 2, … tokens, in those of one
 * @returns drafted tokens that a step accepts on average, and the speed in that without drafts
 */
function withDrafts(tokens: readonly number[], promptTokens: number, costs: readonly number[]) {
  let at = promptTokens;
  let steps = 0;
  let accepted = 0;
  let cost = 0;
  while (at < tokens.length) {
    steps += 1;
    const draft = draftAfter(tokens.slice(0, at));
    let matched = 0;
    while (matched < draft.length && at + matched < tokens.length && draft[matched] === tokens[at + matched])
      matched += 1;
    accepted += matched;
    cost += costs[draft.length] ?? 1;
    at += matched + 1;
  }
  return { accepted: accepted / steps, speed: (tokens.length - promptTokens) / cost };
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
const ratios = costs.map((ms) => ms / one);
console.log(`${basename(modelPath)}, ${threads} threads, drafts of ${drafts}`);
console.log(
  `cost of 1, 2, … tokens: ${ratios.map((ratio) => ratio.toFixed(2)).join(" ")} (1 = ${one.toFixed(1)} ms)`,
);
await using engine = createEngine({ env: process.env, contextTokens: 1024 });
await using lease = await engine.acquire({ modelPath });
for (const [name, prompt] of Object.entries(tasks)) {
  for await (const event of lease.complete({ prompt, sampling: { temperature: 0 }, maxTokens })) {
    if (event.type !== "generation-end") continue;
    const { accepted, speed } = withDrafts(event.tokens, event.promptTokens, ratios);
    console.log(
      `${name}: ${accepted.toFixed(2)} accepted a step, ${speed.toFixed(2)} × the speed without drafts`,
    );
  }
}
