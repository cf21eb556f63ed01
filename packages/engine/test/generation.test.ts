import { afterAll, describe, expect, it } from "vitest";
import type { CompletionRequest, ModelLease, SamplingParameters, TokenProbability } from "../src/engine.ts";
import { collect } from "./support/collect.ts";
import { codeOf, subjects } from "./support/subjects.ts";
import { tinyFiles } from "./support/tiny-files.ts";

/**
 * One case for every option of a completion. The native driver is asked for the whole distribution before and
 * after its samplers, which is then computed again by the book; the portable one either shows the effect or
 * refuses the option by name; the scripted engine obeys what is not a matter of a model.
 */
const files = tinyFiles();
const everything = 1_000_000;
/** No filter at all. */
const open: SamplingParameters = { temperature: 1, topK: 0, topP: 1, minP: 0, seed: 1 };

type Distribution = ReadonlyMap<number, number>;
const toMap = (top: readonly TokenProbability[]): Distribution =>
  new Map(top.map(({ id, logprob }) => [id, Math.exp(logprob)]));
const normalize = (distribution: Distribution): Distribution => {
  const sum = [...distribution.values()].reduce((total, p) => total + p, 0);
  return new Map([...distribution].map(([id, p]) => [id, p / sum]));
};
/** Changes logits, which are logarithms up to a constant. */
const adjust = (distribution: Distribution, change: (logit: number, id: number) => number) =>
  normalize(new Map([...distribution].map(([id, p]) => [id, Math.exp(change(Math.log(p), id))])));
const sorted = (distribution: Distribution) => [...distribution].sort((a, b) => b[1] - a[1]);

function expectSame(found: Distribution, wanted: Distribution): void {
  expect([...found.keys()].sort((a, b) => a - b)).toEqual([...wanted.keys()].sort((a, b) => a - b));
  for (const [id, p] of wanted) expect(Math.abs((found.get(id) ?? 0) - p)).toBeLessThan(1e-4);
}

describe.each(subjects)("$name", ({ create, refusesSome, isScripted }) => {
  const engine = create({ parallel: 4 });
  const leases: ModelLease[] = [];
  const acquire = async () => {
    const lease = await engine.acquire({ modelPath: files.llama, load: { threads: 1 } });
    leases.push(lease);
    return lease;
  };
  afterAll(async () => {
    for (const lease of leases) await lease[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
  });
  const whenNative = isScripted || refusesSome ? undefined : it;
  const whenModel = isScripted ? undefined : it;
  const whenPortable = refusesSome ? it : undefined;

  /** The distributions of the first token, before and after the samplers. */
  const distributions = async (sampling: SamplingParameters, more: Partial<CompletionRequest> = {}) => {
    const lease = await acquire();
    const request = { prompt: "Sampling", sampling, maxTokens: 1, logprobs: everything, ...more };
    const first = async (logprobsStage: NonNullable<CompletionRequest["logprobsStage"]>) => {
      const { deltas } = await collect(lease, { ...request, logprobsStage });
      const [token] = deltas.flatMap(({ logprobs }) => logprobs ?? []);
      if (token === undefined) throw new Error("no token has log-probabilities");
      return { ...token, all: toMap(token.top) };
    };
    return { before: await first("before-samplers"), after: await first("after-samplers") };
  };

  whenNative?.("tells the full distribution before samplers, whatever they do", async () => {
    const { before } = await distributions({ temperature: 0.3, topK: 3, seed: 4 });
    const sum = [...before.all.values()].reduce((total, p) => total + p, 0);
    expect(sum).toBeCloseTo(1, 5);
    expect(before.all.size).toBeGreaterThan(90);
    expect(before.all.get(before.id)).toBeCloseTo(Math.exp(before.logprob), 6);
  });

  whenNative?.("has no filter that was not asked for", async () => {
    const { before, after } = await distributions(open);
    expectSame(after.all, before.all);
  });

  whenNative?.("temperature divides the logits, and at 0 the most likely token is all there is", async () => {
    const { before, after } = await distributions({ ...open, temperature: 0.4 });
    expectSame(
      after.all,
      adjust(before.all, (logit) => logit / 0.4),
    );
    const greedy = await distributions({ temperature: 0 });
    expect([...greedy.after.all]).toEqual([[sorted(greedy.before.all)[0]?.[0], 1]]);
  });

  whenNative?.("top_k keeps the k most likely", async () => {
    const { before, after } = await distributions({ ...open, topK: 7 });
    expectSame(after.all, normalize(new Map(sorted(before.all).slice(0, 7))));
  });

  whenNative?.("top_p keeps the fewest that have so much probability together", async () => {
    const { before, after } = await distributions({ ...open, topP: 0.5 });
    let sum = 0;
    const kept = sorted(before.all).filter(([, p]) => {
      const isKept = sum < 0.5;
      sum += p;
      return isKept;
    });
    expectSame(after.all, normalize(new Map(kept)));
  });

  whenNative?.("min_p keeps what is not too far below the most likely", async () => {
    const { before, after } = await distributions({ ...open, minP: 0.4 });
    const most = sorted(before.all)[0]?.[1] ?? 0;
    expectSame(after.all, normalize(new Map([...before.all].filter(([, p]) => p >= 0.4 * most))));
    expect(after.all.size).toBeLessThan(before.all.size);
  });

  whenNative?.("typical_p keeps those whose surprise is nearest to the expected one", async () => {
    const { before, after } = await distributions({ ...open, typicalP: 0.6 });
    const entropy = [...before.all.values()].reduce((sum, p) => sum - p * Math.log(p), 0);
    const nearest = [...before.all].sort(
      ([, a], [, b]) => Math.abs(-Math.log(a) - entropy) - Math.abs(-Math.log(b) - entropy),
    );
    let sum = 0;
    const kept = nearest.filter(([, p]) => {
      const isKept = sum <= 0.6;
      sum += p;
      return isKept;
    });
    expectSame(after.all, normalize(new Map(kept)));
  });

  whenNative?.("mirostat 2 keeps what surprises no more than twice tau at first", async () => {
    const tau = 2;
    const sampling = { ...open, mirostat: 2 as const, mirostatTau: tau, mirostatEta: 0.1 };
    const { before, after } = await distributions(sampling);
    expectSame(after.all, normalize(new Map([...before.all].filter(([, p]) => -Math.log2(p) <= 2 * tau))));
    expect(after.all.size).toBeLessThan(before.all.size);
  });

  whenNative?.("mirostat 1 keeps the most likely ones, fewer with a smaller tau", async () => {
    const sizes = [];
    for (const mirostatTau of [1, 4]) {
      const { before, after } = await distributions({ ...open, mirostat: 1, mirostatTau });
      expectSame(after.all, normalize(new Map(sorted(before.all).slice(0, after.all.size))));
      sizes.push(after.all.size);
    }
    expect(sizes[0]).toBeLessThan(sizes[1] ?? 0);
  });

  whenNative?.(
    "repeat, presence and frequency penalties count the prompt, as far back as asked",
    async () => {
      const lease = await acquire();
      const prompt = "abcabcaX";
      const tokens = await lease.tokenize(prompt, { addSpecial: true });
      for (const repeatLastN of [2, -1, 0, 4]) {
        const penalties = { repeatPenalty: 1.5, presencePenalty: 0.3, frequencyPenalty: 0.2, repeatLastN };
        const recent = repeatLastN < 0 ? tokens : tokens.slice(tokens.length - repeatLastN);
        // Penalties look at logits themselves, not at logarithms of probability: two of the three do not care.
        const { before, after } = await distributions(
          { ...open, ...penalties, repeatPenalty: 1 },
          { prompt },
        );
        const wanted = adjust(before.all, (logit, id) => {
          const count = recent.filter((token) => token === id).length;
          return logit - count * 0.2 - (count > 0 ? 0.3 : 0);
        });
        expectSame(after.all, wanted);
        const repeated = await distributions({ ...open, repeatPenalty: 1.5, repeatLastN }, { prompt });
        const ratio = (id: number) => (repeated.after.all.get(id) ?? 0) / (repeated.before.all.get(id) ?? 0);
        const untouched = ratio(tokens.find((token) => !recent.includes(token)) ?? 90);
        for (const id of new Set(recent)) expect(ratio(id)).toBeLessThan(untouched);
      }
    },
  );

  whenNative?.("DRY makes going on with a repetition of the prompt less likely, by its length", async () => {
    const lease = await acquire();
    const prompt = "wxyzQ wxyz";
    const [next = 0] = (await lease.tokenize("Q")).slice(-1);
    const dry = { dryMultiplier: 0.8, dryBase: 1.75, dryAllowedLength: 2, drySequenceBreakers: ["\n"] };
    const { before, after } = await distributions({ ...open, ...dry }, { prompt });
    const wanted = adjust(before.all, (logit, id) => (id === next ? logit - 0.8 * 1.75 ** (4 - 2) : logit));
    expectSame(after.all, wanted);
    const broken = await distributions({ ...open, ...dry, drySequenceBreakers: ["z"] }, { prompt });
    expectSame(broken.after.all, broken.before.all);
    const short = await distributions({ ...open, ...dry, dryPenaltyLastN: 4 }, { prompt });
    expectSame(short.after.all, short.before.all);
  });

  whenNative?.("XTC takes away all but the least likely of those above its threshold", async () => {
    const { before, after } = await distributions({ ...open, xtcProbability: 1, xtcThreshold: 0.02 });
    const order = sorted(before.all);
    const above = order.filter(([, p]) => p >= 0.02);
    expect(above.length).toBeGreaterThan(1);
    expectSame(after.all, normalize(new Map(order.slice(above.length - 1))));
  });

  whenNative?.("logit_bias adds to logits, down to never", async () => {
    const logitBias = [
      { token: 40, bias: 2 },
      { token: 41, bias: -1.5 },
      { token: 42, bias: -100_000 },
    ];
    const { before, after } = await distributions({ ...open, logitBias });
    const wanted = adjust(
      before.all,
      (logit, id) => logit + (logitBias.find(({ token }) => token === id)?.bias ?? 0),
    );
    for (const [id, p] of wanted) expect(after.all.get(id) ?? 0).toBeCloseTo(p, 4);
  });

  whenNative?.("ignore_eos leaves the tokens out that end an answer", async () => {
    const { before, after } = await distributions({ ...open, ignoreEos: true });
    const missing = [...before.all.keys()].filter((id) => !after.all.has(id));
    expect(missing.length).toBeGreaterThan(0);
    expectSame(after.all, normalize(new Map([...before.all].filter(([id]) => !missing.includes(id)))));
    const lease = await acquire();
    const [token = 0] = missing;
    const sampling = { temperature: 0, logitBias: [{ token, bias: 1000 }] };
    const ended = await collect(lease, { prompt: "x", sampling, maxTokens: 9 });
    expect(ended.end).toMatchObject({ reason: "stop", generatedTokens: 0 });
    const ignored = await collect(lease, {
      prompt: "x",
      sampling: { ...sampling, ignoreEos: true },
      maxTokens: 9,
    });
    expect(ignored.end).toMatchObject({ reason: "length", generatedTokens: 9 });
  });

  whenNative?.("a grammar leaves only what it allows in the distribution after samplers", async () => {
    const { before, after } = await distributions(open, { grammar: "root ::= [a-e]" });
    const lease = await acquire();
    for (const id of after.all.keys()) expect(await lease.detokenize([id])).toMatch(/^ ?[a-e]$/);
    expect(after.all.size).toBeGreaterThanOrEqual(5);
    expectSame(after.all, normalize(new Map([...before.all].filter(([id]) => after.all.has(id)))));
  });

  whenModel?.("the same seed gives the same tokens, another seed others", async () => {
    const lease = await acquire();
    const run = async (seed: number) =>
      (await collect(lease, { prompt: "Seed", sampling: { ...open, seed }, maxTokens: 20 })).end.tokens;
    expect(await run(5)).toEqual(await run(5));
    expect(await run(6)).not.toEqual(await run(5));
    // Every 32 bits are a seed, the mark of llama.cpp for "any" too.
    expect(await run(0xffff_ffff)).toEqual(await run(0xffff_ffff));
    expect(await run(-1)).toEqual(await run(-1));
  });

  whenModel?.("top_k 1 and min_p 1 are greedy at any temperature", async () => {
    const lease = await acquire();
    const run = async (sampling: SamplingParameters) =>
      (await collect(lease, { prompt: "Greedy", sampling, maxTokens: 12 })).end.tokens;
    const greedy = await run({ temperature: 0 });
    expect(await run({ ...open, temperature: 2, topK: 1 })).toEqual(greedy);
    expect(await run({ ...open, temperature: 2, minP: 1 })).toEqual(greedy);
    expect(await run({ ...open, temperature: 2, topP: 0.000001 })).toEqual(greedy);
  });

  whenModel?.("a bias decides, and a penalty forbids", async () => {
    const lease = await acquire();
    const token = (await lease.tokenize("Q")).at(-1) ?? 0;
    const sampling = { temperature: 0, logitBias: [{ token, bias: 1000 }] };
    expect((await collect(lease, { prompt: "Bias", sampling, maxTokens: 5 })).text).toBe("QQQQQ");
    const penalties = { frequencyPenalty: 2, repeatLastN: -1 };
    const mild = { temperature: 0, logitBias: [{ token, bias: 30 }], ...penalties };
    const { text } = await collect(lease, { prompt: "Bias", sampling: mild, maxTokens: 40 });
    expect(text.split("Q").length).toBeGreaterThan(5);
    expect(text.replaceAll("Q", "").length).toBeGreaterThan(5);
  });

  whenModel?.("XTC turns away from the most likely token", async () => {
    const lease = await acquire();
    const run = async (sampling: SamplingParameters) =>
      (await collect(lease, { prompt: "XTC", sampling, maxTokens: 10 })).end.tokens;
    const plain = await run({ ...open, topK: 2 });
    expect(await run({ ...open, topK: 2, xtcProbability: 1, xtcThreshold: 0.001 })).not.toEqual(plain);
  });

  whenModel?.("num_predict: 0 reads the prompt only, negative goes on, a number is exact", async () => {
    const lease = await acquire();
    const sampling = { temperature: 0 };
    const nothing = await collect(lease, { prompt: "Nothing", sampling, maxTokens: 0 });
    expect({ text: nothing.text, ...nothing.end }).toMatchObject({
      text: "",
      reason: "length",
      generatedTokens: 0,
    });
    const exact = await collect(lease, { prompt: "Exact", sampling, maxTokens: 3 });
    expect(exact.end.generatedTokens).toBe(3);
    const token = (await lease.tokenize("Q")).at(-1) ?? 0;
    const endless = { prompt: "Endless", sampling: { ...sampling, logitBias: [{ token, bias: 1000 }] } };
    const open = await collect(lease, { ...endless, maxTokens: -1, contextShift: false });
    expect(open.end).toMatchObject({ reason: "length" });
    expect(open.end.tokens.length).toBeGreaterThanOrEqual(511);
  });

  whenModel?.each([
    [0, 1],
    [6, 7],
    [-1, 400],
  ])("num_keep %d keeps so much of the prompt when the context shifts", async (keepTokens, kept) => {
    const lease = await acquire();
    const token = (await lease.tokenize("Q")).at(-1) ?? 0;
    const prompt = await lease.tokenize("abcdefghij".repeat(60), { addSpecial: true });
    const request = {
      prompt: prompt.slice(0, 400),
      sampling: { temperature: 0, logitBias: [{ token, bias: 1000 }] },
      maxTokens: 130,
      keepTokens,
    };
    const { end } = await collect(lease, request);
    expect(end.generatedTokens).toBe(130);
    if (refusesSome) return; // node-llama-cpp tells not what is left in the sequence.
    expect(end.tokens.slice(0, kept)).toEqual(prompt.slice(0, kept));
    expect(end.tokens.length).toBeLessThan(512);
    // What follows the kept beginning comes from later in the prompt.
    if (kept < 400) expect(end.tokens.slice(kept, kept + 8)).not.toEqual(prompt.slice(kept, kept + 8));
  });

  it("stops at a sequence that no single token holds, and shows nothing of it", async () => {
    const lease = await acquire();
    const request = { prompt: "Stop", sampling: { temperature: 0 }, maxTokens: 60 };
    const { text } = await collect(lease, request);
    for (let at = 1; at < 14; at += 3) {
      const stop = text.slice(at, at + 5);
      if (!stop.isWellFormed()) continue;
      const stopped = await collect(lease, { ...request, stop: [`${stop}never`, stop] });
      expect(stopped.text).toBe(text.slice(0, text.indexOf(stop)));
      expect(stopped.deltas.map((delta) => delta.text).join("")).not.toContain(stop);
      expect(stopped.end).toMatchObject({ reason: "stop", stopSequence: stop });
    }
    // What only began like a stop sequence is shown in the end.
    const almost = await collect(lease, { ...request, stop: [`${text.slice(-4)}never`] });
    expect(almost.text).toBe(text);
  });

  // llama.cpp's own grammars, which the portable driver has to take, allow halves of characters.
  const whenExact = refusesSome ? undefined : it;
  whenExact?.("never splits a character, nor shows half of one at the end", async () => {
    const lease = await acquire();
    const grammar = 'root ::= ("é" | "🌍" | "世" | "x")+';
    let characters = 0;
    for (let maxTokens = 1; maxTokens < 40; maxTokens += 3) {
      const request = { prompt: "é🌍", sampling: { temperature: 1.5, seed: maxTokens }, maxTokens };
      const { deltas } = await collect(lease, isScripted ? request : { ...request, grammar });
      for (const { text } of deltas) {
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toContain("\uFFFD");
        characters += text.replaceAll(/[\0-~]/g, "").length;
      }
    }
    expect(characters).toBeGreaterThan(5);
  });

  whenNative?.("reads one prompt once for several completions, which differ by their seeds", async () => {
    const lease = await acquire();
    const prompt = `Several: ${"abc".repeat(60)}`;
    const runs = await Promise.all(
      [1, 2, 3, 4].map((seed) => collect(lease, { prompt, sampling: { ...open, seed }, maxTokens: 12 })),
    );
    const read = runs.map(({ end }) => end.promptTokens - end.cachedTokens).sort((a, b) => b - a);
    expect(read[0]).toBeGreaterThan(150);
    expect(read.slice(1).every((tokens) => tokens <= 1)).toBe(true);
    expect(new Set(runs.map(({ text }) => text)).size).toBeGreaterThan(1);
  });

  whenPortable?.each<[string, Partial<CompletionRequest>]>([
    ["logprobs", { logprobs: 1 }],
    ["mirostat", { sampling: { mirostat: 1 } }],
    ["mirostat", { sampling: { mirostat: 2 } }],
    ["typical_p", { sampling: { typicalP: 0.5 } }],
    ["dry_multiplier", { sampling: { dryMultiplier: 0.8 } }],
    ["ignore_eos", { sampling: { ignoreEos: true } }],
    ["logit_bias", { sampling: { logitBias: [{ token: 2, bias: 1 }] } }],
  ])("refuses %s by name", async (name, request) => {
    const lease = await acquire();
    const work = collect(lease, { prompt: "x", maxTokens: 1, sampling: {}, ...request });
    await expect(work).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining(name),
    });
  });

  whenModel?.each<[string, SamplingParameters]>([
    ["a penalty of nothing", { repeatPenalty: 0 }],
    ["a temperature that is no number", { temperature: Number.NaN }],
    ["an infinite top_p", { topP: Number.POSITIVE_INFINITY }],
    ["a bias for no token", { logitBias: [{ token: 9_999_999, bias: 1 }] }],
  ])("refuses %s and lives on", async (_, sampling) => {
    const lease = await acquire();
    expect(await codeOf(collect(lease, { prompt: "x", sampling, maxTokens: 1 }))).toBe("INVALID_REQUEST");
    const after = await collect(lease, { prompt: "x", sampling: { temperature: 0 }, maxTokens: 2 });
    expect(after.end.generatedTokens).toBe(2);
  });
});
