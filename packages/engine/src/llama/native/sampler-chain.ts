import koffi from "koffi";
import type { CompletionRequest, SamplingParameters } from "../../engine.ts";
import { EngineError } from "../../errors.ts";
import { checkSampling } from "../../slots/check-sampling.ts";
import { toSeed } from "../../slots/seed.ts";
import { Handle } from "./handle.ts";
import type { Pointer } from "./library.ts";
import type { LlamaModel } from "./model.ts";

const mirostatCandidates = 100;
const minKeep = 1;
const defaultBreakers = ["\n", ":", '"', "*"];
/** Most text of one sequence breaker that is looked at. */
const maxBreakers = 64;

/** Adds samplers to a new chain, which owns them. */
function createChain(model: LlamaModel, fill: (add: (sampler: Pointer) => void) => void): Handle {
  const { c } = model.library;
  const chain = c.llama_sampler_chain_init({ no_perf: true });
  if (chain === null) throw new EngineError("INTERNAL", "llama.cpp could not make a sampler");
  const handle = new Handle("sampler", chain, (pointer) => c.llama_sampler_free(pointer));
  try {
    fill((sampler) => {
      if (sampler === null)
        throw new EngineError("INVALID_REQUEST", "llama.cpp refused the sampling options");
      c.llama_sampler_chain_add(chain, sampler);
    });
  } catch (error) {
    handle.free();
    throw error;
  }
  return handle;
}

export interface SamplerChains {
  /** Change logits: bias, penalties, DRY. */
  readonly adjust: Handle;
  /** Choose: top-k, typical, top-p, min-p, XTC, temperature, and the draw. */
  readonly select: Handle;
}

/**
 * All samplers of a request as one chain, in the order of llama-server. At temperature 0 the most likely
 * token wins and the filters have nothing to do.
 * @throws EngineError `INVALID_REQUEST` for values that C would not survive
 */
export function createSamplerChain(
  model: LlamaModel,
  request: CompletionRequest,
  contextTokens: number,
): Handle {
  checkSampling(request.sampling);
  return createChain(model, (add) => {
    addAdjusters(model, request.sampling, { contextTokens, add });
    addSelectors(model, request.sampling, add);
  });
}

/** The same in two parts, between which a grammar has its say. */
export function createSamplerChains(
  model: LlamaModel,
  request: CompletionRequest,
  contextTokens: number,
): SamplerChains {
  const { sampling } = request;
  checkSampling(sampling);
  const adjust = createChain(model, (add) => addAdjusters(model, sampling, { contextTokens, add }));
  try {
    return { adjust, select: createChain(model, (add) => addSelectors(model, sampling, add)) };
  } catch (error) {
    adjust.free();
    throw error;
  }
}

/** Whether the most likely token wins. */
export function isGreedy({ temperature = 0.8 }: SamplingParameters): boolean {
  return temperature <= 0;
}

/** So many of the most likely tokens are chosen from; undefined where it may be any. */
export function amongOf(sampling: SamplingParameters): number | undefined {
  const { topK = 40, mirostat = 0 } = sampling;
  if (isGreedy(sampling)) return 1;
  return mirostat === 0 && topK > 0 ? topK : undefined;
}

function addSelectors(
  model: LlamaModel,
  sampling: SamplingParameters,
  add: (sampler: Pointer) => void,
): void {
  const { c } = model.library;
  const seed = toSeed(sampling.seed);
  const temperature = sampling.temperature ?? 0.8;
  if (isGreedy(sampling)) {
    add(c.llama_sampler_init_greedy());
    return;
  }
  if (sampling.mirostat === 1 || sampling.mirostat === 2) {
    const { mirostatTau: tau = 5, mirostatEta: eta = 0.1 } = sampling;
    add(c.llama_sampler_init_temp(temperature));
    add(
      sampling.mirostat === 1
        ? c.llama_sampler_init_mirostat(model.vocabularySize, seed, tau, eta, mirostatCandidates)
        : c.llama_sampler_init_mirostat_v2(seed, tau, eta),
    );
    return;
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

/** How many of the last tokens penalties and DRY look at. */
export function adjustWindow(sampling: SamplingParameters, contextTokens: number): number {
  const { repeatLastN = 64, dryMultiplier = 0, dryPenaltyLastN = -1 } = sampling;
  return Math.max(
    hasPenalties(sampling) ? window(repeatLastN, contextTokens) : 0,
    dryMultiplier > 0 ? window(dryPenaltyLastN, contextTokens) : 0,
  );
}

/** Room for the whole window is taken at once, so more than a context is never asked for. */
function window(tokens: number, contextTokens: number): number {
  return tokens < 0 ? contextTokens : Math.min(tokens, contextTokens);
}

/**
 * What is added to the logits of some tokens; end tokens that shall be ignored get minus infinity. Each token comes
 * once: over a part of the vocabulary, llama.cpp heeds the first bias of a token only.
 */
export function biasesOf(model: LlamaModel, sampling: SamplingParameters) {
  const biases = new Map<number, number>();
  for (const { token, bias } of sampling.logitBias ?? []) {
    biases.set(model.check(token), (biases.get(token) ?? 0) + bias);
  }
  if (sampling.ignoreEos) for (const token of model.endTokens()) biases.set(token, Number.NEGATIVE_INFINITY);
  return Array.from(biases, ([token, bias]) => ({ token, bias }));
}

function addBias(model: LlamaModel, sampling: SamplingParameters, add: (sampler: Pointer) => void): void {
  const biases = biasesOf(model, sampling);
  if (biases.length === 0) return;
  const bytes = new DataView(new ArrayBuffer(biases.length * 8));
  for (const [index, { token, bias }] of biases.entries()) {
    bytes.setInt32(index * 8, token, true);
    bytes.setFloat32(index * 8 + 4, bias, true);
  }
  const array = new Uint8Array(bytes.buffer);
  add(model.library.c.llama_sampler_init_logit_bias(model.vocabularySize, biases.length, array));
}

function addAdjusters(
  model: LlamaModel,
  sampling: SamplingParameters,
  { contextTokens, add }: { readonly contextTokens: number; readonly add: (sampler: Pointer) => void },
): void {
  const { c } = model.library;
  addBias(model, sampling, add);
  if (hasPenalties(sampling)) {
    const { repeatLastN = 64, repeatPenalty = 1, frequencyPenalty = 0, presencePenalty = 0 } = sampling;
    add(
      c.llama_sampler_init_penalties(
        model.vocabularySize,
        window(repeatLastN, contextTokens),
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
        window(dryPenaltyLastN, contextTokens),
        koffi.as(breakers, "const char **"),
        breakers.length,
      ),
    );
  }
}
