import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import type { SamplingParameters } from "../src/engine.ts";
import { Candidates } from "../src/llama/native/candidates.ts";
import { loadLlamaLibrary } from "../src/llama/native/library.ts";
import type { LogitsSource } from "../src/llama/native/logits-source.ts";
import { LlamaModel } from "../src/llama/native/model.ts";
import { createSampler } from "../src/llama/native/sampler.ts";
import { createSamplerChain, createSamplerChains } from "../src/llama/native/sampler-chain.ts";
import { tinyFiles } from "./support/tiny-files.ts";
import { tinySpec } from "./support/tiny-spec.ts";

const library = loadLlamaLibrary();
library.c.llama_log_set(library.silentLogAddress, null);
const spec = tinySpec(tinyFiles().llama);
const model = await LlamaModel.load(library, spec);
afterAll(() => model.free());
const contextTokens = 512;
const unused: LogitsSource = {
  contextTokens,
  viewLogits: () => expect.unreachable(),
  sample: () => expect.unreachable(),
};

const unit = (max = 1) => fc.double({ min: 0, max, noNaN: true });
const samplings: fc.Arbitrary<SamplingParameters> = fc.record(
  {
    temperature: fc.oneof(fc.constant(0), fc.double({ min: 0.1, max: 2, noNaN: true })),
    topK: fc.integer({ min: 0, max: 12 }),
    topP: fc.double({ min: 0.05, max: 1, noNaN: true }),
    minP: unit(0.3),
    typicalP: fc.double({ min: 0.1, max: 1, noNaN: true }),
    xtcProbability: unit(),
    repeatPenalty: fc.double({ min: 0.5, max: 2, noNaN: true }),
    repeatLastN: fc.integer({ min: -1, max: 20 }),
    frequencyPenalty: fc.double({ min: -2, max: 2, noNaN: true }),
    presencePenalty: fc.double({ min: -2, max: 2, noNaN: true }),
    dryMultiplier: unit(2),
    dryPenaltyLastN: fc.integer({ min: -1, max: 40 }),
    ignoreEos: fc.boolean(),
    logitBias: fc.array(
      fc.record({
        token: fc.integer({ min: 0, max: model.vocabularySize - 1 }),
        bias: fc.double({ min: -20, max: 20, noNaN: true }),
      }),
      { maxLength: 6 },
    ),
  },
  { requiredKeys: ["temperature"] },
);

const steps = fc.array(
  fc.array(fc.float({ min: -9, max: 9, noNaN: true }), { minLength: 40, maxLength: 40 }),
  {
    minLength: 1,
    maxLength: 8,
  },
);

it("chooses what the samplers choose from the whole vocabulary, whatever they change", () => {
  fc.assert(
    fc.property(samplings, steps, fc.integer({ min: 0, max: 1e6 }), (sampling, logitsOfSteps, seed) => {
      const request = { prompt: "", sampling: { ...sampling, seed } };
      const prompt = [3, 5, 3, 5, 3];
      const sampler = createSampler(model, unused, { request, prompt });
      const chain = createSamplerChain(model, request, contextTokens);
      const whole = new Candidates(model);
      for (const token of prompt) library.c.llama_sampler_accept(chain.pointer, token);
      for (const seeds of logitsOfSteps) {
        const logits = Float32Array.from({ length: model.vocabularySize }, (_, id) => logitOf(seeds, id));
        whole.fill(logits);
        whole.apply(chain.pointer);
        const expected = whole.selected();
        library.c.llama_sampler_accept(chain.pointer, expected ?? 0);
        expect(sampler.sample(logits).token).toBe(expected);
      }
      whole.free();
      chain.free();
      sampler.free();
    }),
    { numRuns: 400 },
  );
});

it("takes the best token that a grammar allows, whatever bias and penalties do", () => {
  const grammar = 'root ::= ([a-m] [n-z]? | "0" [0-9] | "é")+';
  const greedy = samplings.map((sampling) => ({ ...sampling, temperature: 0 }));
  fc.assert(
    fc.property(greedy, steps, (sampling, logitsOfSteps) => {
      const request = { prompt: "", sampling, grammar };
      const sampler = createSampler(model, unused, { request, prompt: [] });
      const { adjust, select } = createSamplerChains(model, request, contextTokens);
      const allowed = library.c.llama_sampler_init_grammar(model.vocabulary, grammar, "root") ?? 0n;
      const whole = new Candidates(model);
      for (const seeds of logitsOfSteps) {
        const logits = Float32Array.from({ length: model.vocabularySize }, (_, id) => logitOf(seeds, id));
        whole.fill(logits);
        for (const step of [adjust.pointer, allowed, select.pointer]) whole.apply(step);
        const expected = whole.selected() ?? 0;
        expect(sampler.sample(logits).token).toBe(expected);
        if (model.isEndToken(expected)) break;
        for (const step of [adjust.pointer, allowed, select.pointer])
          library.c.llama_sampler_accept(step, expected);
      }
      whole.free();
      for (const chain of [adjust, select]) chain.free();
      library.c.llama_sampler_free(allowed);
      sampler.free();
    }),
    { numRuns: 200 },
  );
});

/** All different: of equal ones, either may be taken. */
function logitOf(seeds: readonly number[], id: number): number {
  return (seeds[id % seeds.length] ?? 0) * Math.cos(id) + ((id * 2_654_435_761) % 1_009) / 1_009;
}
