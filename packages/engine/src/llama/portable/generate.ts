import type { LlamaContextSequence, LlamaModel, Token } from "node-llama-cpp";
import type { CompletionRequest, TokenEvent } from "../../engine.ts";
import { EngineError } from "../../errors.ts";
import { StopText } from "../../slots/stop-text.ts";
import { evaluateOptions } from "./evaluate-options.ts";
import { TokenText } from "./token-text.ts";

/** Tokens read per step of a prompt: a cancel waits for one step at most. */
const prefillChunk = 256;

interface Generation {
  readonly model: LlamaModel;
  readonly sequence: LlamaContextSequence;
  readonly prompt: readonly Token[];
  readonly request: CompletionRequest;
  readonly signal: AbortSignal;
  readonly batchTokens: number;
}

/** Reads the prompt, then samples until the model, a stop sequence, a limit or the caller ends it. */
export async function* generate(generation: Generation): AsyncIterable<TokenEvent> {
  const { model, sequence, request, signal } = generation;
  const contextSize = sequence.context.contextSize;
  const prompt = generation.prompt;
  if (prompt.length === 0) throw new EngineError("INVALID_REQUEST", "the prompt is empty");
  if (prompt.length >= contextSize) {
    throw new EngineError(
      "PROMPT_TOO_LONG",
      `the prompt is longer than the context length currently available to the model (${prompt.length} of ${contextSize} tokens)`,
      { details: { promptTokens: prompt.length, contextTokens: contextSize } },
    );
  }
  const generated: Token[] = [];
  const options = await evaluateOptions(model, request, () => [...prompt, ...generated]);
  const promptStart = performance.now();
  const cachedTokens = await readPrompt(sequence, prompt, signal);
  const text = new TokenText(model, request.preservedTokens ?? []);
  const stops = new StopText(request.stop ?? []);
  const limit =
    request.maxTokens === undefined || request.maxTokens < 0 ? Number.POSITIVE_INFINITY : request.maxTokens;
  let reason: "stop" | "length" = "length";
  let stopSequence: string | undefined;
  let firstTokenAt: number | undefined;

  if (limit > 0) {
    for await (const token of sequence.evaluate(prompt.slice(-1), options)) {
      signal.throwIfAborted();
      firstTokenAt ??= performance.now();
      if (model.isEogToken(token)) {
        reason = "stop";
        break;
      }
      generated.push(token);
      const { text: shown, stop } = stops.push(text.push(token));
      if (shown !== "") yield { type: "text-delta", text: shown };
      if (stop !== undefined) {
        reason = "stop";
        stopSequence = stop;
        break;
      }
      if (generated.length >= limit) break;
      if (request.contextShift === false && prompt.length + generated.length >= contextSize) break;
    }
  }
  const last = stopSequence === undefined ? stops.push(text.end()) : { text: "" };
  if ("stop" in last && last.stop !== undefined) {
    reason = "stop";
    stopSequence = last.stop;
  }
  const rest = stopSequence === undefined ? last.text + stops.end() : last.text;
  if (rest !== "") yield { type: "text-delta", text: rest };
  const end = performance.now();
  yield {
    type: "generation-end",
    reason,
    ...(stopSequence === undefined ? {} : { stopSequence }),
    tokens: [...prompt, ...generated],
    promptTokens: prompt.length,
    cachedTokens,
    promptMs: (firstTokenAt ?? end) - promptStart,
    generatedTokens: generated.length,
    generatedMs: firstTokenAt === undefined ? 0 : end - firstTokenAt,
  };
}

/** Leaves everything but the last prompt token evaluated. @returns tokens that were there already */
async function readPrompt(
  sequence: LlamaContextSequence,
  prompt: readonly Token[],
  signal: AbortSignal,
): Promise<number> {
  const head = prompt.slice(0, -1);
  // Shifting would keep text of another prompt; only a true prefix is reused.
  await sequence.adaptStateToTokens(head, false);
  const cached = sequence.nextTokenIndex;
  for (let at = cached; at < head.length; at += prefillChunk) {
    signal.throwIfAborted();
    await sequence.evaluateWithoutGeneratingNewTokens(head.slice(at, at + prefillChunk));
  }
  signal.throwIfAborted();
  return cached;
}
