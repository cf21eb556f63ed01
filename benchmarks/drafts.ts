/**
 * What drafts from the prompt bring one stream: answers with and without them by the engine, in turns, and whether
 * they are the same. Times are of the wall, so nothing else should run.
 *
 * node --conditions=@puna/source benchmarks/drafts.ts MODEL.gguf [--tokens 300] [--rounds 1] [--plain] [--seed 7]
 *
 * Requests are written in ChatML; with --plain as bare text, for models that were not taught to chat.
 */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { createEngine, type Engine } from "@puna/engine";
import { median } from "./engine-ratio.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tokens: { type: "string", default: "300" },
    rounds: { type: "string", default: "1" },
    threads: { type: "string", default: "2" },
    plain: { type: "boolean", default: false },
    /** Temperature 0.8 by this seed instead of 0. */
    seed: { type: "string" },
  },
});
const [modelPath] = positionals;
if (modelPath === undefined) throw new Error("name the model's file");

const code = `import { readFile } from "node:fs/promises";

/** Loads the orders of a day and sums their totals. */
export async function loadOrders(path, day) {
  const text = await readFile(path, "utf8");
  const orders = JSON.parse(text).filter((order) => order.day === day);
  let sum = 0;
  for (const order of orders) {
    for (const item of order.items) {
      sum += item.price * item.count;
    }
  }
  return { orders, sum };
}

export function printOrders({ orders, sum }) {
  for (const order of orders) {
    console.log(order.id, order.items.length);
  }
  console.log("total", sum);
}`;
const fenced = `\`\`\`js\n${code}\n\`\`\``;
const article = `The council of Port Ellery met on Monday evening to discuss the bridge over the river Wend. The bridge, which was built in 1911, has been closed to lorries since March, when inspectors found cracks in two of its piers. Mayor Anna Lind told the meeting that a full repair would cost 4.2 million crowns and take eighteen months. A new bridge two hundred metres upstream would cost 11 million. Several residents of the east bank complained that the detour through Harlow adds forty minutes to their way to work. The council will vote on both plans on the third of May.`;
const misspelt = article.replaceAll("council", "counsil").replaceAll("bridge", "brigde");
const tasks = {
  "rename in code": `Rename the variable sum to total everywhere in this code and answer with the whole code:\n${fenced}`,
  "add types": `Turn this into TypeScript with types:\n${fenced}`,
  "mend code": `Orders without items make this throw. Fix it and show the whole file.\n${fenced}`,
  summarise: `Summarise in three sentences:\n${article}`,
  "extract as JSON": `Extract as JSON the keys mayor, river, built, repair_cost, vote_date and complaint:\n${article}`,
  "correct a text": `Correct the spelling and give the whole text back:\n${misspelt}`,
  "describe freely": "Describe a walk along the sea on a windy day in autumn.",
  explain: "Explain how a hash map works, and when it is slower than a sorted array.",
  "write code":
    "Write a Python class for a bank account with deposit, withdraw, transfer and a history, with tests.",
};

const sampling =
  values.seed === undefined ? { temperature: 0 } : { temperature: 0.8, seed: Number(values.seed) };

async function answer(engine: Engine, request: string) {
  const prompt = values.plain
    ? `${request}\n\n`
    : `<|im_start|>user\n${request}<|im_end|>\n<|im_start|>assistant\n`;
  await using lease = await engine.acquire({
    modelPath: modelPath ?? "",
    load: { threads: Number(values.threads) },
  });
  const maxTokens = Number(values.tokens);
  for await (const event of lease.complete({ prompt, sampling, maxTokens }))
    if (event.type === "generation-end") return event;
  throw new Error("the answer did not end");
}

const env = process.env;
await using plain = createEngine({ env, contextTokens: 2048, draftTokens: 0, promptCacheBytes: 0 });
await using drafting = createEngine({ env, contextTokens: 2048, promptCacheBytes: 0 });
console.log(`${basename(modelPath)}, ${values.threads} threads, ${JSON.stringify(sampling)}`);
for (const [name, request] of Object.entries(tasks)) {
  const ratios: number[] = [];
  let isSame = true;
  let counts = "";
  for (let round = 0; round < Number(values.rounds); round++) {
    const one = await answer(plain, request);
    const other = await answer(drafting, request);
    const pace = ({ generatedMs, generatedTokens }: typeof one) => generatedMs / generatedTokens;
    ratios.push(pace(one) / pace(other));
    isSame &&= one.tokens.join() === other.tokens.join();
    counts = `${other.acceptedDraftTokens ?? 0} of ${other.draftedTokens ?? 0} drafted tokens in ${other.generatedTokens}`;
  }
  console.log(
    `${name.padEnd(16)} ${median(ratios).toFixed(2)} × as fast, ${isSame ? "the same text" : "ANOTHER TEXT"}, ${counts}`,
  );
}
