/**
 * What a request costs beside the model: our server next to the least that two Node processes can do (own-part-floor.ts),
 * in fresh processes that take turns, with the first requests and after some hundred.
 *
 *   node benchmarks/own-part.ts [--pairs 5] [--model gemma|qwen]
 */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { modelPath } from "../scripts/model-files.mjs";
import { generateBody } from "./engine-api.ts";
import { ownPart } from "./engine-own-part.ts";
import { startProcess } from "./engine-process.ts";
import { punaSubject } from "./engine-puna.ts";
import { interval, median } from "./engine-ratio.ts";

const { values } = parseArgs({
  options: { pairs: { type: "string", default: "5" }, model: { type: "string", default: "gemma" } },
});
const setup = {
  model: modelPath(values.model),
  embeddingModel: "",
  threads: 2,
  only: undefined,
  drafts: "0",
};
/** Rounds of sixty requests between the first figure and the second. */
const warmRounds = 6;

async function ours(): Promise<readonly number[]> {
  await using running = await punaSubject(setup, "").start({ slots: 1 });
  return await figures(async () => (await running.ownPart?.()) ?? Number.NaN);
}

async function least(): Promise<readonly number[]> {
  await using server = await startProcess(
    process.execPath,
    () => [fileURLToPath(new URL("own-part-floor.ts", import.meta.url))],
    {
      readyPath: "/",
      env: (port) => ({ ...process.env, MODEL: setup.model, PORT: String(port) }),
    },
  );
  const bodyOf = (prompt: string) =>
    generateBody({ model: "", options: { num_thread: setup.threads }, prompt, maxTokens: 2 });
  return await figures(() => ownPart(server.port, bodyOf));
}

async function figures(take: () => Promise<number>): Promise<readonly number[]> {
  const taken: number[] = [];
  for (let round = 0; round <= warmRounds; round++) taken.push(await take());
  return [taken[0] ?? Number.NaN, taken.at(-1) ?? Number.NaN];
}

const pairs: { readonly puna: readonly number[]; readonly floor: readonly number[] }[] = [];
for (let pair = 0; pair < Number(values.pairs); pair++) {
  // Who goes first changes, so that drift evens out.
  if (pair % 2 === 0) pairs.push({ puna: await ours(), floor: await least() });
  else {
    const floor = await least();
    pairs.push({ puna: await ours(), floor });
  }
}
for (const [at, name] of ["first 60 requests", `after ${warmRounds * 60}`].entries()) {
  const print = (who: "puna" | "floor") => {
    const figuresOf = pairs.map((pair) => pair[who][at] ?? Number.NaN);
    const [low, high] = interval(figuresOf);
    return `${median(figuresOf).toFixed(2)} ms (${low.toFixed(2)}–${high.toFixed(2)})`;
  };
  console.log(`${name}: puna ${print("puna")}, least of two processes ${print("floor")}`);
}
