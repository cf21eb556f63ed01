import type { CompletionRequest } from "../../engine.ts";
import { EngineError } from "../../errors.ts";
import { mostLikely } from "../../slots/most-likely.ts";
import { nthLargest } from "../../slots/nth-largest.ts";
import { Utf8Tail } from "../../slots/utf8-tail.ts";
import { massWithout } from "../../slots/vocabulary-scan.ts";
import { AffectedTokens } from "./affected-tokens.ts";
import type { Candidates, SomeTokens } from "./candidates.ts";
import { Handle } from "./handle.ts";
import type { LogitsSource } from "./logits-source.ts";
import type { LlamaModel } from "./model.ts";
import { amongOf, createSamplerChains } from "./sampler-chain.ts";
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
  const { adjust, select } = chains;
  // With a grammar it is enough to know so many that are allowed.
  const among = amongOf(request.sampling);
  const affected = new AffectedTokens(model, request.sampling, context.contextTokens);

  const tail = new Utf8Tail();
  /** llama.cpp's grammars take any byte for the rest of a character, and longer forms of it than UTF-8 has. */
  const fits = (token: number) => tail.accepts(model.piece(token, true));

  /** The best allowed tokens; undefined when no block held any. */
  const bestAllowed = (raw: Float32Array): SomeTokens | undefined => {
    if (among === undefined) return undefined;
    const sizes = blockSizes.filter((size) => size >= among && size <= raw.length);
    for (const size of sizes) {
      const considered = adjusted(affected.candidates(raw, size));
      // Not by their order, which takes longer than all the rest.
      const floor = nthLargest(considered.logits.slice(), size);
      const allowed = onlyAllowed(pick(considered, (index) => (considered.logits[index] ?? 0) >= floor));
      if (allowed.ids.length >= among) return best(allowed, among);
      if (allowed.ids.length === 0) continue;
      if (size === sizes.at(-1) || isEnough({ raw, considered, floor, allowed })) return allowed;
    }
    return undefined;
  };

  /** With what bias and penalties make of their logits. */
  const adjusted = (tokens: SomeTokens): SomeTokens => {
    candidates.fillWith(tokens);
    candidates.apply(adjust.pointer);
    return { ids: tokens.ids, logits: candidates.logits(tokens.ids.length) };
  };

  const onlyAllowed = (asked: SomeTokens): SomeTokens => {
    candidates.fillWith(asked);
    candidates.apply(grammar.pointer);
    const logits = candidates.logits(asked.ids.length);
    return pick(asked, (index) => logits[index] !== Number.NEGATIVE_INFINITY && fits(asked.ids[index] ?? 0));
  };

  const choose = (from: number | Float32Array): number => {
    const raw = typeof from === "number" ? context.viewLogits(from) : from;
    candidates.fillWith(bestAllowed(raw) ?? allAllowed(raw));
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

  const allAllowed = (raw: Float32Array): SomeTokens => {
    const all = { ids: Int32Array.from(raw, (_, token) => token), logits: raw };
    const allowed = onlyAllowed(adjusted(all));
    if (allowed.ids.length > 0) return allowed;
    throw new EngineError(
      "INVALID_GRAMMAR",
      "the grammar allows no token of this model's vocabulary to come next",
    );
  };

  const accept = (token: number): void => {
    c.llama_sampler_accept(adjust.pointer, token);
    c.llama_sampler_accept(select.pointer, token);
    affected.accept(token);
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

function pick({ ids, logits }: SomeTokens, isWanted: (index: number) => boolean): SomeTokens {
  const places: number[] = [];
  for (let index = 0; index < ids.length; index++) if (isWanted(index)) places.push(index);
  return at({ ids, logits }, places);
}

function at({ ids, logits }: SomeTokens, places: readonly number[]): SomeTokens {
  return {
    ids: Int32Array.from(places, (place) => ids[place] ?? 0),
    logits: Float32Array.from(places, (place) => logits[place] ?? 0),
  };
}

function best(tokens: SomeTokens, count: number): SomeTokens {
  return tokens.ids.length === count ? tokens : at(tokens, mostLikely(tokens.logits, count));
}

/** Tokens that were not asked about may have so much of the probability of the allowed ones. */
const ignorableShare = 0.01;

/** Whether the tokens that were not asked about, all below `floor`, are too unlikely to matter. */
function isEnough(
  tokens: Record<"considered" | "allowed", SomeTokens> & { raw: Float32Array; floor: number },
) {
  const { raw, considered, floor, allowed } = tokens;
  const largest = considered.logits.reduce((most, logit) => Math.max(most, logit), floor);
  const massOf = ({ logits }: SomeTokens) =>
    logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  const below = pick(considered, (index) => (considered.logits[index] ?? 0) < floor);
  return massOf(below) + massWithout(raw, considered.ids, largest) <= ignorableShare * massOf(allowed);
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
