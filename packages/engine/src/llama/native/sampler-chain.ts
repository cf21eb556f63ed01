import { randomInt } from "node:crypto";
import koffi from "koffi";
import type { CompletionRequest, SamplingParameters } from "../../engine.ts";
import { EngineError } from "../../errors.ts";
import { Handle } from "./handle.ts";
import type { Pointer } from "./library.ts";
import type { LlamaModel } from "./model.ts";

/** llama.cpp takes this seed as "choose one". */
const randomSeedMark = 0xffff_ffff;
const mirostatCandidates = 100;
const minKeep = 1;
const defaultBreakers = ["\n", ":", '"', "*"];
/** Most text of one sequence breaker that is looked at. */
const maxBreakers = 64;

/**
 * The samplers of a request, in the order of llama-server: bias, penalties, DRY, top-k, typical, top-p, min-p,
 * XTC, temperature, choice. At temperature 0 the most likely token wins and the filters have nothing to do.
 * @throws EngineError `INVALID_REQUEST` for values that C would not survive
 */
export function createSamplerChain(
  model: LlamaModel,
  request: CompletionRequest,
  contextTokens: number,
): Handle {
  const { c } = model.library;
  const { sampling } = request;
  checkValues(sampling);
  const seed = sampling.seed === undefined ? randomInt(randomSeedMark) : seedOf(sampling.seed);
  const temperature = sampling.temperature ?? 0.8;
  const chain = c.llama_sampler_chain_init({ no_perf: true });
  if (chain === null) throw new EngineError("INTERNAL", "llama.cpp could not make a sampler");
  const handle = new Handle("sampler", chain, (pointer) => c.llama_sampler_free(pointer));
  const add = (sampler: Pointer) => {
    if (sampler === null) {
      handle.free();
      throw new EngineError("INVALID_REQUEST", "llama.cpp refused the sampling options");
    }
    c.llama_sampler_chain_add(chain, sampler);
  };

  addBias(model, sampling, add);
  addPenalties(model, sampling, { contextTokens, add });
  if (temperature <= 0) {
    add(c.llama_sampler_init_greedy());
    return handle;
  }
  if (sampling.mirostat === 1 || sampling.mirostat === 2) {
    const tau = sampling.mirostatTau ?? 5;
    const eta = sampling.mirostatEta ?? 0.1;
    add(c.llama_sampler_init_temp(temperature));
    add(
      sampling.mirostat === 1
        ? c.llama_sampler_init_mirostat(model.vocabularySize, seed, tau, eta, mirostatCandidates)
        : c.llama_sampler_init_mirostat_v2(seed, tau, eta),
    );
    return handle;
  }
  const { topK = 40, typicalP = 1, topP = 0.9, minP = 0, xtcProbability = 0 } = sampling;
  if (topK > 0) add(c.llama_sampler_init_top_k(topK));
  if (typicalP < 1) add(c.llama_sampler_init_typical(typicalP, minKeep));
  if (topP < 1) add(c.llama_sampler_init_top_p(topP, minKeep));
  if (minP > 0) add(c.llama_sampler_init_min_p(minP, minKeep));
  if (xtcProbability > 0) {
    add(c.llama_sampler_init_xtc(xtcProbability, sampling.xtcThreshold ?? 0.1, minKeep, seed));
  }
  add(c.llama_sampler_init_temp(temperature));
  add(c.llama_sampler_init_dist(seed));
  return handle;
}

/** Whether the samplers look at earlier tokens, those of the prompt included. */
export function looksBack(sampling: SamplingParameters): boolean {
  return hasPenalties(sampling) || (sampling.dryMultiplier ?? 0) > 0;
}

function hasPenalties({
  repeatPenalty,
  frequencyPenalty,
  presencePenalty,
  repeatLastN,
}: SamplingParameters): boolean {
  const neutral = (repeatPenalty ?? 1) === 1 && (frequencyPenalty ?? 0) === 0 && (presencePenalty ?? 0) === 0;
  return !neutral && (repeatLastN ?? 64) !== 0;
}

function addBias(model: LlamaModel, sampling: SamplingParameters, add: (sampler: Pointer) => void): void {
  const biases = (sampling.logitBias ?? []).map(({ token, bias }) => ({ token: model.check(token), bias }));
  if (sampling.ignoreEos) {
    biases.push(...model.endTokens().map((token) => ({ token, bias: Number.NEGATIVE_INFINITY })));
  }
  if (biases.length === 0) return;
  const bytes = new DataView(new ArrayBuffer(biases.length * 8));
  for (const [index, { token, bias }] of biases.entries()) {
    bytes.setInt32(index * 8, token, true);
    bytes.setFloat32(index * 8 + 4, bias, true);
  }
  const array = new Uint8Array(bytes.buffer);
  add(model.library.c.llama_sampler_init_logit_bias(model.vocabularySize, biases.length, array));
}

function addPenalties(
  model: LlamaModel,
  sampling: SamplingParameters,
  { contextTokens, add }: { readonly contextTokens: number; readonly add: (sampler: Pointer) => void },
): void {
  const { c } = model.library;
  const window = (tokens: number) => (tokens < 0 ? contextTokens : tokens);
  if (hasPenalties(sampling)) {
    const { repeatLastN = 64, repeatPenalty = 1, frequencyPenalty = 0, presencePenalty = 0 } = sampling;
    add(
      c.llama_sampler_init_penalties(
        model.vocabularySize,
        window(repeatLastN),
        repeatPenalty,
        frequencyPenalty,
        presencePenalty,
      ),
    );
  }
  const { dryMultiplier = 0, dryBase = 1.75, dryAllowedLength = 2, dryPenaltyLastN = -1 } = sampling;
  if (dryMultiplier > 0) {
    const breakers = [...(sampling.drySequenceBreakers ?? defaultBreakers)].slice(0, maxBreakers);
    add(
      c.llama_sampler_init_dry(
        model.vocabulary,
        dryMultiplier,
        dryBase,
        dryAllowedLength,
        window(dryPenaltyLastN),
        koffi.as(breakers, "const char **"),
        breakers.length,
      ),
    );
  }
}

function seedOf(seed: number): number {
  const value = Math.trunc(seed) >>> 0;
  return value === randomSeedMark ? randomSeedMark - 1 : value;
}

function checkValues(sampling: SamplingParameters): void {
  for (const [name, value] of Object.entries(sampling)) {
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw new EngineError("INVALID_REQUEST", `${name} must be a finite number`);
    }
  }
  if ((sampling.repeatPenalty ?? 1) <= 0) {
    throw new EngineError("INVALID_REQUEST", "repeatPenalty must be greater than 0; 1 switches it off");
  }
}
