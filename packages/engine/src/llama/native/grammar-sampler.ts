import type { CompletionRequest } from "../../engine.ts";
import { EngineError } from "../../errors.ts";
import { mostLikely } from "../../slots/most-likely.ts";
import { Utf8Tail } from "../../slots/utf8-tail.ts";
import type { Candidates } from "./candidates.ts";
import { Handle } from "./handle.ts";
import type { LogitsSource } from "./logits-source.ts";
import type { LlamaModel } from "./model.ts";
import { createSamplerChains } from "./sampler-chain.ts";
import type { TokenChooser } from "./token-chooser.ts";

/** How many of the most likely tokens the grammar is asked about, until enough of them are allowed. */
const blockSizes = [64, 1024, 16_384] as const;

export interface GrammarOptions {
  readonly request: CompletionRequest;
  readonly grammar: string;
  readonly context: LogitsSource;
  readonly candidates: Candidates;
}

/**
 * Samples from what a grammar allows, with the distribution that asking it about every token first would give,
 * save for a tail of at most a hundredth. It is asked about the most likely tokens only: over a vocabulary of
 * a quarter of a million tokens a grammar takes many times as long as the model.
 * @throws EngineError `INVALID_GRAMMAR`
 */
export function createGrammarSampler(model: LlamaModel, options: GrammarOptions): TokenChooser {
  const { request, context, candidates } = options;
  const { c } = model.library;
  const grammar = createGrammar(model, options.grammar);
  let chains: ReturnType<typeof createSamplerChains>;
  try {
    chains = createSamplerChains(model, request, context.contextTokens);
  } catch (error) {
    grammar.free();
    throw error;
  }
  const { adjust, select, among } = chains;

  const tail = new Utf8Tail();
  /** llama.cpp's grammars take any byte for the rest of a character, and longer forms of it than UTF-8 has. */
  const fits = (token: number) => tail.accepts(model.piece(token, true));

  /** The best allowed tokens; undefined when no block held any. */
  const bestAllowed = (logits: Float32Array): readonly number[] | undefined => {
    if (among === undefined) return undefined;
    const sizes = blockSizes.filter((size) => size >= among && size <= logits.length);
    for (const size of sizes) {
      const tokens = mostLikely(logits, size);
      candidates.fillWith(tokens, logits);
      candidates.apply(grammar.pointer);
      const allowed = candidates.possible(tokens).filter(fits);
      if (allowed.length >= among) return allowed.slice(0, among);
      if (allowed.length > 0 && (size === sizes.at(-1) || isEnough({ logits, asked: tokens, allowed })))
        return allowed;
    }
    return undefined;
  };

  const choose = (from: number | Float32Array): number => {
    candidates.fill(typeof from === "number" ? context.viewLogits(from) : from);
    candidates.apply(adjust.pointer);
    const logits = candidates.logits();
    const allowed = bestAllowed(logits);
    candidates.fillWith(allowed ?? allAllowed(logits), logits);
    candidates.apply(select.pointer);
    const token = candidates.selected();
    if (token === undefined) throw new EngineError("INTERNAL", "the samplers chose no token");
    accept(token);
    // A grammar that came to its end must not be told of the end token: C would end the process.
    if (model.isEndToken(token)) return token;
    c.llama_sampler_accept(grammar.pointer, token);
    tail.push(model.piece(token, true));
    return token;
  };

  const allAllowed = (logits: Float32Array): readonly number[] => {
    const tokens = Array.from(logits, (_, token) => token);
    candidates.fillWith(tokens, logits);
    candidates.apply(grammar.pointer);
    const allowed = candidates.possible(tokens).filter(fits);
    if (allowed.length > 0) return allowed;
    throw new EngineError(
      "INVALID_GRAMMAR",
      "the grammar allows no token of this model's vocabulary to come next",
    );
  };

  const accept = (token: number): void => {
    c.llama_sampler_accept(adjust.pointer, token);
    c.llama_sampler_accept(select.pointer, token);
  };

  return {
    choose,
    remaining: () => candidates.remaining(),
    accept,
    free: () => {
      adjust.free();
      select.free();
      grammar.free();
    },
  };
}

/** Tokens that were not asked about may have so much of the probability of the allowed ones. */
const ignorableShare = 0.01;

/** Whether the tokens that were not asked about are too unlikely to matter. */
function isEnough({
  logits,
  asked,
  allowed,
}: Readonly<Record<"asked" | "allowed", readonly number[]>> & { readonly logits: Float32Array }): boolean {
  const largest = logits[asked[0] ?? 0] ?? 0;
  const massOf = (tokens: Iterable<number>) => {
    let sum = 0;
    for (const token of tokens) sum += Math.exp((logits[token] ?? 0) - largest);
    return sum;
  };
  let all = 0;
  for (const logit of logits) all += Math.exp(logit - largest);
  return all - massOf(asked) <= ignorableShare * massOf(allowed);
}

function createGrammar(model: LlamaModel, text: string): Handle {
  const { c } = model.library;
  const pointer = c.llama_sampler_init_grammar(model.vocabulary, text, "root");
  if (pointer === null) {
    throw new EngineError(
      "INVALID_GRAMMAR",
      "the grammar could not be read; check its GBNF and that it has a root rule",
    );
  }
  return new Handle("grammar", pointer, (sampler) => c.llama_sampler_free(sampler));
}
