import type { GenerateResponse } from "@puna/protocol";
import type { Puna } from "@puna/sdk";
import { benchPrompt } from "./bench-prompt.ts";

/** What is measured; lengths in tokens, as near as text can come to them. */
export interface BenchPlan {
  readonly model: string;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly parallel: number;
  readonly runs: number;
}

/** One line of the result: the middle one of all runs. */
export interface BenchResult {
  readonly test: string;
  readonly tokens: number;
  readonly tokensPerSecond: number;
  readonly seconds: number;
}

interface Run {
  readonly tokens: number;
  readonly seconds: number;
}

const nanosecondsPerSecond = 1e9;

/** Measures reading, writing, and writing several answers at once; a first run that only warms up is not counted. */
export async function* runBench(
  client: Puna,
  plan: BenchPlan,
  now: () => number,
): AsyncGenerator<BenchResult> {
  // Another seed for each request and each call of the command, or a cache would answer in place of the model.
  let seed = now();
  const ask = (words: number, outputTokens: number) =>
    client.generate({
      model: plan.model,
      prompt: benchPrompt(words, seed++),
      raw: true,
      stream: false,
      options: { num_predict: outputTokens, temperature: 0, seed: 1 },
    });
  const promptWords = Math.max(1, Math.round(plan.promptTokens / 2));
  await ask(8, 8);

  yield await measure(`prefill ${plan.promptTokens}`, plan.runs, async () => {
    const { prompt_eval_count, prompt_eval_duration } = await ask(promptWords, 1);
    return toRun(prompt_eval_count, prompt_eval_duration);
  });
  yield await measure(`decode ${plan.outputTokens}`, plan.runs, async () => {
    const { eval_count, eval_duration } = await ask(8, plan.outputTokens);
    return toRun(eval_count, eval_duration);
  });
  if (plan.parallel < 2) return;
  yield await measure(`parallel ${plan.parallel} x ${plan.outputTokens}`, plan.runs, async () => {
    const start = now();
    const answers: GenerateResponse[] = await Promise.all(
      Array.from({ length: plan.parallel }, () => ask(8, plan.outputTokens)),
    );
    const tokens = answers.reduce((sum, { eval_count = 0 }) => sum + eval_count, 0);
    return { tokens, seconds: (now() - start) / 1000 };
  });
}

async function measure(test: string, runs: number, once: () => Promise<Run>): Promise<BenchResult> {
  const results: BenchResult[] = [];
  for (let run = 0; run < runs; run++) {
    const { tokens, seconds } = await once();
    results.push({ test, tokens, seconds, tokensPerSecond: seconds > 0 ? tokens / seconds : 0 });
  }
  results.sort((left, right) => left.tokensPerSecond - right.tokensPerSecond);
  return results[Math.floor(results.length / 2)] ?? { test, tokens: 0, seconds: 0, tokensPerSecond: 0 };
}

function toRun(count: number | undefined, durationNs: number | undefined): Run {
  return { tokens: count ?? 0, seconds: (durationNs ?? 0) / nanosecondsPerSecond };
}
