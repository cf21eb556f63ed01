import {
  LlamaGrammar,
  LlamaGrammarEvaluationState,
  type LlamaModel,
  type SequenceEvaluateOptions,
  type Token,
  TokenBias,
} from "node-llama-cpp";
import type { CompletionRequest, SamplingParameters } from "../../engine.ts";
import { EngineError } from "../../errors.ts";
import { checkSampling } from "../../slots/check-sampling.ts";
import { toSeed } from "../../slots/seed.ts";
import { checkGrammar } from "../check-grammar.ts";

/** What node-llama-cpp has no way to do; asking for it is refused, never ignored. */
function unsupported(model: LlamaModel, request: CompletionRequest): string | undefined {
  const { sampling } = request;
  if (request.logprobs !== undefined) return "logprobs";
  if (sampling.mirostat !== undefined && sampling.mirostat !== 0) return "mirostat";
  if (sampling.typicalP !== undefined && sampling.typicalP !== 1) return "typical_p";
  // Its sampler sees no token of the prompt.
  if (sampling.dryMultiplier !== undefined && sampling.dryMultiplier > 0) return "dry_multiplier";
  // It leaves tokens that end an answer out of any bias.
  if (sampling.ignoreEos) return "ignore_eos";
  if (sampling.logitBias?.some(({ token }) => model.isEogToken(token as Token)))
    return "logit_bias on a token that ends the answer";
  return undefined;
}

/**
 * Our sampling parameters in the library's terms. Every one is passed explicitly: its defaults are not ours.
 * @param history  prompt and answer so far, for the penalties
 * @throws EngineError `UNSUPPORTED` naming the parameter, `INVALID_GRAMMAR`
 */
export async function evaluateOptions(
  model: LlamaModel,
  request: CompletionRequest,
  history: () => readonly Token[],
): Promise<SequenceEvaluateOptions> {
  const missing = unsupported(model, request);
  checkSampling(request.sampling);
  if (missing !== undefined) {
    throw new EngineError(
      "UNSUPPORTED",
      `${missing} is not available with the portable driver; use the native one`,
    );
  }
  const { sampling } = request;
  return {
    temperature: sampling.temperature ?? 0.8,
    topK: sampling.topK ?? 40,
    topP: sampling.topP ?? 0.9,
    minP: sampling.minP ?? 0,
    seed: toSeed(sampling.seed),
    ...penalties(sampling, history),
    ...(sampling.xtcProbability
      ? { xtc: { probability: sampling.xtcProbability, threshold: sampling.xtcThreshold ?? 0.1 } }
      : {}),
    ...bias(model, sampling),
    ...(request.grammar === undefined
      ? {}
      : { grammarEvaluationState: grammarState(model, request.grammar) }),
    yieldEogToken: true,
    ...contextShift(model, request, history().length),
  };
}

function penalties(sampling: SamplingParameters, history: () => readonly Token[]): SequenceEvaluateOptions {
  const { repeatPenalty = 1, frequencyPenalty = 0, presencePenalty = 0, repeatLastN = 64 } = sampling;
  if (repeatLastN === 0 || (repeatPenalty === 1 && frequencyPenalty === 0 && presencePenalty === 0))
    return {};
  return {
    repeatPenalty: {
      punishTokens: () => [...(repeatLastN < 0 ? history() : history().slice(-repeatLastN))],
      maxPunishTokens: repeatLastN < 0 ? 65_536 : repeatLastN,
      penalty: repeatPenalty,
      frequencyPenalty,
      presencePenalty,
    },
  };
}

function bias(model: LlamaModel, sampling: SamplingParameters): SequenceEvaluateOptions {
  const entries = [...(sampling.logitBias ?? [])];
  if (entries.length === 0) return {};
  const vocabularySize = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
  const tokenBias = new TokenBias(model.tokenizer);
  for (const { token, bias: value } of entries) {
    if (!Number.isInteger(token) || token < 0 || token >= vocabularySize) {
      throw new EngineError(
        "INVALID_REQUEST",
        `token ${token} is not in the vocabulary of ${vocabularySize} tokens`,
      );
    }
    tokenBias.set([token as Token], { logit: value }); // Token is a branded number; it was checked.
  }
  return { tokenBias };
}

function grammarState(model: LlamaModel, grammar: string): LlamaGrammarEvaluationState {
  checkGrammar(grammar);
  try {
    return new LlamaGrammarEvaluationState({ model, grammar: new LlamaGrammar(model.llama, { grammar }) });
  } catch (cause) {
    throw new EngineError("INVALID_GRAMMAR", "the grammar could not be read; check its GBNF", { cause });
  }
}

/** Keeps the first tokens, BOS beside what was asked for, and drops the older half of the rest. */
function contextShift(
  model: LlamaModel,
  { keepTokens = 0 }: CompletionRequest,
  promptTokens: number,
): SequenceEvaluateOptions {
  const bos = model.tokens.shouldPrependBosToken ? 1 : 0;
  const asked = keepTokens < 0 ? promptTokens : keepTokens + bos;
  const keepIn = (contextSize: number) => Math.min(asked, contextSize - 4);
  return {
    contextShift: {
      size: ({ context: { contextSize } }) =>
        Math.max(1, Math.floor((contextSize - keepIn(contextSize)) / 2)),
      strategy: ({ size, sequence: { context } }) => {
        const keep = keepIn(context.contextSize);
        return [{ start: keep, end: keep + size }];
      },
    },
  };
}
