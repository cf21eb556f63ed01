import type { CompletionRequest } from "../../engine.ts";
import { EngineError } from "../../errors.ts";
import type { SampledToken, TokenSampler } from "../../slots/decode-context.ts";
import { type Distribution, tokenLogprobs } from "../../slots/token-logprobs.ts";
import { AffectedTokens } from "./affected-tokens.ts";
import { Candidates } from "./candidates.ts";
import { createGrammarSampler } from "./grammar-sampler.ts";
import type { LogitsSource } from "./logits-source.ts";
import type { LlamaModel } from "./model.ts";
import { amongOf, createSamplerChain, isGreedy, looksBack } from "./sampler-chain.ts";
import type { TokenChooser } from "./token-chooser.ts";

/** One per model: sampling happens on one thread, one token after another. */
const sharedCandidates = new WeakMap<LlamaModel, Candidates>();

/** @throws EngineError `INVALID_GRAMMAR`, `INVALID_REQUEST` */
export function createSampler(
  model: LlamaModel,
  context: LogitsSource,
  { request, prompt }: { readonly request: CompletionRequest; readonly prompt: readonly number[] },
): TokenSampler {
  const chooser = request.grammar
    ? createGrammarSampler(model, {
        request,
        grammar: request.grammar,
        context,
        candidates: candidatesOf(model),
      })
    : createFreeSampler(model, context, request);
  if (looksBack(request.sampling)) for (const token of prompt) chooser.accept(token);
  const piece = (id: number) => model.piece(id, true);
  return {
    sample: (from): SampledToken => {
      const token = chooser.choose(from);
      if (request.logprobs === undefined) return { token };
      const options = { token, top: request.logprobs, piece };
      return { token, logprobs: tokenLogprobs(distributionOf(from, token), options) };
    },
    free: () => chooser.free(),
  };

  function distributionOf(from: number | Float32Array, token: number): Distribution {
    if (!isAfterSamplers(request)) {
      return { logits: typeof from === "number" ? context.viewLogits(from) : from };
    }
    return isGreedy(request.sampling)
      ? { ids: Int32Array.of(token), logits: Float32Array.of(0) }
      : chooser.remaining();
  }
}

function isAfterSamplers({ logprobs, logprobsStage }: CompletionRequest): boolean {
  return logprobs !== undefined && logprobsStage === "after-samplers";
}

function createFreeSampler(
  model: LlamaModel,
  context: LogitsSource,
  request: CompletionRequest,
): TokenChooser {
  const { c } = model.library;
  const chain = createSamplerChain(model, request, context.contextTokens);
  const accept = (token: number) => {
    c.llama_sampler_accept(chain.pointer, token);
    affected.accept(token);
  };
  const affected = new AffectedTokens(model, request.sampling, context.contextTokens);
  const among = amongOf(request.sampling);
  return {
    choose: (from) => {
      const logits = typeof from === "number" ? context.viewLogits(from) : from;
      // Samplers that go over a whole vocabulary take 1 to 2 ms of it, a tenth of what a small model takes.
      const few =
        among === undefined || affected.isMany(among) ? undefined : affected.candidates(logits, among);
      // llama.cpp's own array of all candidates, which is faster than ours, is gone after the call.
      if (few === undefined && typeof from === "number" && !isAfterSamplers(request)) {
        const token = context.sample(chain.pointer, from);
        affected.accept(token);
        return token;
      }
      const candidates = candidatesOf(model);
      if (few === undefined) candidates.fill(logits);
      else candidates.fillWith(few);
      candidates.apply(chain.pointer);
      const token = candidates.selected();
      if (token === undefined) throw new EngineError("INTERNAL", "the samplers chose no token");
      accept(token);
      return token;
    },
    remaining: () => candidatesOf(model).remaining(),
    accept,
    free: () => chain.free(),
  };
}

function candidatesOf(model: LlamaModel): Candidates {
  let candidates = sharedCandidates.get(model);
  if (candidates === undefined) {
    candidates = new Candidates(model);
    sharedCandidates.set(model, candidates);
  }
  return candidates;
}
