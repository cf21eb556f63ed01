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

/** What node-llama-cpp has no way to do; asking for it is refused, never ignored. */
function unsupported(request: CompletionRequest): string | undefined {
  const { sampling } = request;
  if (request.logprobs !== undefined) return "logprobs";
  if (sampling.mirostat !== undefined && sampling.mirostat !== 0) return "mirostat";
  if (sampling.typicalP !== undefined && sampling.typicalP !== 1) return "typical_p";
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
  const missing = unsupported(request);
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
    ...(sampling.seed === undefined ? {} : { seed: sampling.seed >>> 0 }),
    ...penalties(sampling, history),
    ...dry(sampling),
    ...(sampling.xtcProbability
      ? { xtc: { probability: sampling.xtcProbability, threshold: sampling.xtcThreshold ?? 0.1 } }
      : {}),
    ...bias(model, sampling),
    ...(request.grammar === undefined
      ? {}
      : { grammarEvaluationState: grammarState(model, request.grammar) }),
    yieldEogToken: true,
    ...contextShift(request),
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

function dry(sampling: SamplingParameters): SequenceEvaluateOptions {
  if (!sampling.dryMultiplier) return {};
  return {
    dryRepeatPenalty: {
      strength: sampling.dryMultiplier,
      base: sampling.dryBase ?? 1.75,
      allowedLength: sampling.dryAllowedLength ?? 2,
      lastTokens: sampling.dryPenaltyLastN ?? null,
      ...(sampling.drySequenceBreakers ? { sequenceBreakers: [...sampling.drySequenceBreakers] } : {}),
    },
  };
}

function bias(model: LlamaModel, sampling: SamplingParameters): SequenceEvaluateOptions {
  const entries = [...(sampling.logitBias ?? [])];
  if (entries.length === 0) return {};
  const tokenBias = new TokenBias(model.tokenizer);
  for (const { token, bias: value } of entries) {
    // Token is a branded number; the library refuses ids it does not know.
    tokenBias.set([token as Token], { logit: value });
  }
  return { tokenBias };
}

function grammarState(model: LlamaModel, grammar: string): LlamaGrammarEvaluationState {
  try {
    return new LlamaGrammarEvaluationState({ model, grammar: new LlamaGrammar(model.llama, { grammar }) });
  } catch (cause) {
    throw new EngineError("INVALID_GRAMMAR", "the grammar could not be read; check its GBNF", { cause });
  }
}

/** Keeps the first tokens and drops the older half of the rest, as Ollama's engine does. */
function contextShift(request: CompletionRequest): SequenceEvaluateOptions {
  const keep = Math.max(0, request.keepTokens ?? 4);
  return {
    contextShift: {
      size: (sequence) => Math.max(1, Math.floor((sequence.context.contextSize - keep) / 2)),
      strategy: ({ size }) => [{ start: keep, end: keep + size }],
    },
  };
}
