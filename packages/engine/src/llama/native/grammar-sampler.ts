import type { CompletionRequest } from "../../engine.ts";
import { EngineError } from "../../errors.ts";
import { Utf8Tail } from "../../slots/utf8-tail.ts";
import { massWithout } from "../../slots/vocabulary-scan.ts";
import { AffectedTokens } from "./affected-tokens.ts";
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
  const affected = new AffectedTokens(model, request.sampling, context.contextTokens);

  const tail = new Utf8Tail();
  /** llama.cpp's grammars take any byte for the rest of a character, and longer forms of it than UTF-8 has. */
  const fits = (token: number) => tail.accepts(model.piece(token, true));

  /** The best allowed tokens; undefined when no block held any. */
  const bestAllowed = (raw: Float32Array): readonly Candidate[] | undefined => {
    if (among === undefined) return undefined;
    const sizes = blockSizes.filter((size) => size >= among && size <= raw.length);
    for (const size of sizes) {
      const considered = adjusted(raw, affected.candidates(raw, size)).sort(byLogit);
      const asked = considered.slice(0, size);
      const allowed = onlyAllowed(asked);
      if (allowed.length >= among) return allowed.slice(0, among);
      if (allowed.length === 0) continue;
      if (size === sizes.at(-1) || isEnough({ raw, considered, asked, allowed })) return allowed;
    }
    return undefined;
  };

  /** With what bias and penalties make of their logits. */
  const adjusted = (raw: Float32Array, ids: Int32Array): Candidate[] => {
    candidates.fillWith(ids, (index) => raw[ids[index] ?? 0] ?? 0);
    candidates.apply(adjust.pointer);
    const logits = candidates.logits(ids.length);
    return Array.from(ids, (token, index) => ({ token, logit: logits[index] ?? 0 }));
  };

  const onlyAllowed = (asked: readonly Candidate[]): readonly Candidate[] => {
    fill(asked);
    candidates.apply(grammar.pointer);
    const logits = candidates.logits(asked.length);
    return asked.filter(({ token }, index) => logits[index] !== Number.NEGATIVE_INFINITY && fits(token));
  };

  const fill = (some: readonly Candidate[]) => {
    const ids = Int32Array.from(some, ({ token }) => token);
    candidates.fillWith(ids, (index) => some[index]?.logit ?? 0);
  };

  const choose = (from: number | Float32Array): number => {
    const raw = typeof from === "number" ? context.viewLogits(from) : from;
    fill(bestAllowed(raw) ?? allAllowed(raw));
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

  const allAllowed = (raw: Float32Array): readonly Candidate[] => {
    const all = Int32Array.from(raw, (_, token) => token);
    const allowed = onlyAllowed(adjusted(raw, all));
    if (allowed.length > 0) return allowed;
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

interface Candidate {
  readonly token: number;
  readonly logit: number;
}

/** Equal ones in order of id. */
function byLogit(a: Candidate, b: Candidate): number {
  return a.logit === b.logit ? a.token - b.token : b.logit - a.logit;
}

/** Tokens that were not asked about may have so much of the probability of the allowed ones. */
const ignorableShare = 0.01;

/** Whether the tokens that were not asked about are too unlikely to matter. */
function isEnough({
  raw,
  considered,
  asked,
  allowed,
}: Readonly<Record<"considered" | "asked" | "allowed", readonly Candidate[]>> & {
  readonly raw: Float32Array;
}) {
  const largest = asked[0]?.logit ?? 0;
  const massOf = (some: readonly Candidate[]) =>
    some.reduce((sum, { logit }) => sum + Math.exp(logit - largest), 0);
  const ids = considered.map(({ token }) => token);
  const rest = massOf(considered.slice(asked.length)) + massWithout(raw, ids, largest);
  return rest <= ignorableShare * massOf(allowed);
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
