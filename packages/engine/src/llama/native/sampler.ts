import type { CompletionRequest } from "../../engine.ts";
import { EngineError } from "../../errors.ts";
import type { SampledToken, TokenSampler } from "../../slots/decode-context.ts";
import { tokenLogprobs } from "../../slots/token-logprobs.ts";
import { Candidates } from "./candidates.ts";
import type { LlamaContext } from "./context.ts";
import { Handle } from "./handle.ts";
import type { LlamaModel } from "./model.ts";
import { createSamplerChain, looksBack } from "./sampler-chain.ts";

/** One per model: sampling happens on one thread, one token after another. */
const sharedCandidates = new WeakMap<LlamaModel, Candidates>();

/** @throws EngineError `INVALID_GRAMMAR`, `INVALID_REQUEST` */
export function createSampler(
  model: LlamaModel,
  context: LlamaContext,
  { request, prompt }: { readonly request: CompletionRequest; readonly prompt: readonly number[] },
): TokenSampler {
  const { c } = model.library;
  const grammar = request.grammar ? createGrammar(model, request.grammar) : undefined;
  let chain: Handle;
  try {
    chain = createSamplerChain(model, request, context.contextTokens);
  } catch (error) {
    grammar?.free();
    throw error;
  }
  if (looksBack(request.sampling)) for (const token of prompt) c.llama_sampler_accept(chain.pointer, token);

  const choose = (from: number | Float32Array): number => {
    if (typeof from === "number" && grammar === undefined) return context.sample(chain.pointer, from);
    const logits = typeof from === "number" ? context.viewLogits(from) : from;
    const token = chooseFrom(candidatesOf(model), logits, {
      chain: chain.pointer,
      grammar: grammar?.pointer,
    });
    c.llama_sampler_accept(chain.pointer, token);
    // A grammar that ended must not be told of the end token.
    if (grammar !== undefined && !model.isEndToken(token)) c.llama_sampler_accept(grammar.pointer, token);
    return token;
  };

  return {
    sample: (from): SampledToken => {
      const token = choose(from);
      if (request.logprobs === undefined) return { token };
      const logits = typeof from === "number" ? context.viewLogits(from) : from;
      const piece = (id: number) => model.piece(id, true);
      return { token, logprobs: tokenLogprobs(logits, { token, top: request.logprobs, piece }) };
    },
    free: () => {
      chain.free();
      grammar?.free();
    },
  };
}

/**
 * Samples freely and asks the grammar only about the winner: it is right most of the time, and a grammar
 * over a large vocabulary is slow.
 */
function chooseFrom(
  candidates: Candidates,
  logits: Float32Array,
  { chain, grammar }: { readonly chain: bigint; readonly grammar: bigint | undefined },
): number {
  candidates.fill(logits);
  candidates.apply(chain);
  const first = candidates.selected();
  if (first !== undefined && (grammar === undefined || candidates.allows(grammar, first))) return first;
  if (grammar !== undefined) {
    candidates.fill(logits);
    candidates.apply(grammar);
    candidates.apply(chain);
    const second = candidates.selected();
    // C ends the process when a grammar is told of a token that it forbids.
    if (second !== undefined && candidates.allows(grammar, second)) return second;
    throw new EngineError(
      "INVALID_GRAMMAR",
      "the grammar allows no token of this model's vocabulary to come next",
    );
  }
  throw new EngineError("INTERNAL", "the samplers chose no token");
}

function createGrammar(model: LlamaModel, grammar: string): Handle {
  const { c } = model.library;
  const pointer = c.llama_sampler_init_grammar(model.vocabulary, grammar, "root");
  if (pointer === null) {
    throw new EngineError(
      "INVALID_GRAMMAR",
      "the grammar could not be read; check its GBNF and that it has a root rule",
    );
  }
  return new Handle("grammar", pointer, (sampler) => c.llama_sampler_free(sampler));
}

function candidatesOf(model: LlamaModel): Candidates {
  let candidates = sharedCandidates.get(model);
  if (candidates === undefined) {
    candidates = new Candidates(model);
    sharedCandidates.set(model, candidates);
  }
  return candidates;
}
