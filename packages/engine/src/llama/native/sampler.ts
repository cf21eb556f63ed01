import type { CompletionRequest } from "../../engine.ts";
import { EngineError } from "../../errors.ts";
import type { SampledToken, TokenSampler } from "../../slots/decode-context.ts";
import { tokenLogprobs } from "../../slots/token-logprobs.ts";
import { Candidates } from "./candidates.ts";
import type { LlamaContext } from "./context.ts";
import { createGrammarSampler } from "./grammar-sampler.ts";
import type { LlamaModel } from "./model.ts";
import { createSamplerChain, looksBack } from "./sampler-chain.ts";

/** One per model: sampling happens on one thread, one token after another. */
const sharedCandidates = new WeakMap<LlamaModel, Candidates>();

/** Chooses a token and remembers it. */
export interface TokenChooser {
  choose(from: number | Float32Array): number;
  accept(token: number): void;
  free(): void;
}

/** @throws EngineError `INVALID_GRAMMAR`, `INVALID_REQUEST` */
export function createSampler(
  model: LlamaModel,
  context: LlamaContext,
  { request, prompt }: { readonly request: CompletionRequest; readonly prompt: readonly number[] },
): TokenSampler {
  const logitsOf = (from: number | Float32Array) =>
    typeof from === "number" ? context.viewLogits(from) : from;
  const chooser = request.grammar
    ? createGrammarSampler(model, {
        request,
        grammar: request.grammar,
        context,
        candidates: candidatesOf(model),
      })
    : createFreeSampler(model, context, request);
  if (looksBack(request.sampling)) for (const token of prompt) chooser.accept(token);
  return {
    sample: (from): SampledToken => {
      const token = chooser.choose(from);
      if (request.logprobs === undefined) return { token };
      const piece = (id: number) => model.piece(id, true);
      return { token, logprobs: tokenLogprobs(logitsOf(from), { token, top: request.logprobs, piece }) };
    },
    free: () => chooser.free(),
  };
}

function createFreeSampler(
  model: LlamaModel,
  context: LlamaContext,
  request: CompletionRequest,
): TokenChooser {
  const { c } = model.library;
  const chain = createSamplerChain(model, request, context.contextTokens);
  return {
    choose: (from) => {
      if (typeof from === "number") return context.sample(chain.pointer, from);
      const candidates = candidatesOf(model);
      candidates.fill(from);
      candidates.apply(chain.pointer);
      const token = candidates.selected();
      if (token === undefined) throw new EngineError("INTERNAL", "the samplers chose no token");
      c.llama_sampler_accept(chain.pointer, token);
      return token;
    },
    accept: (token) => void c.llama_sampler_accept(chain.pointer, token),
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
