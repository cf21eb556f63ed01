import { setTimeout as sleep } from "node:timers/promises";
import type { CompletionRequest, TokenEvent } from "../engine.ts";
import { EngineError } from "../errors.ts";
import { StopText } from "../slots/stop-text.ts";
import { fromCodePoints, toCodePoints } from "./code-points.ts";
import type { ScriptedAnswer, ScriptedPiece } from "./scripted-answer.ts";

/** Streams one scripted answer by the rules of the engine port. */
export async function* playScript(
  answer: ScriptedAnswer,
  request: CompletionRequest,
  options: { readonly contextTokens: number; readonly signal?: AbortSignal },
): AsyncIterable<TokenEvent> {
  const { signal, contextTokens } = options;
  const prompt = typeof request.prompt === "string" ? toCodePoints(request.prompt) : request.prompt;
  fromCodePoints(prompt);
  if (!answer.verbatim && prompt.length >= contextTokens) throw tooLong(prompt.length, contextTokens);
  const stops = new StopText(answer.verbatim ? [] : (request.stop ?? []));
  const limit = answer.verbatim
    ? Number.POSITIVE_INFINITY
    : lengthLimit(request, contextTokens - prompt.length);
  const generated: number[] = [];
  let reason = answer.reason ?? "stop";
  let stopSequence = answer.stopSequence;

  for (const piece of (answer.pieces ?? []).map(toPiece)) {
    await pause(piece.delayMs, signal);
    const points = toCodePoints(piece.text);
    const room = limit - generated.length;
    const taken = points.slice(0, Math.max(0, room));
    generated.push(...taken);
    const shown = answer.verbatim ? { text: piece.text, stop: undefined } : stops.push(fromCodePoints(taken));
    if (shown.text !== "" || points.length === 0) {
      yield {
        type: "text-delta",
        text: shown.text,
        ...(piece.logprobs === undefined ? {} : { logprobs: piece.logprobs }),
      };
    }
    if (shown.stop !== undefined) {
      reason = "stop";
      stopSequence = shown.stop;
      break;
    }
    if (points.length > room) {
      reason = "length";
      break;
    }
  }
  const rest = stopSequence === undefined ? stops.end() : "";
  if (rest !== "") yield { type: "text-delta", text: rest };
  if (answer.end === "missing") return;
  if (answer.end !== undefined && answer.end !== "normal")
    throw new EngineError(answer.end.code, answer.end.message);
  yield {
    type: "generation-end",
    reason,
    ...(stopSequence === undefined ? {} : { stopSequence }),
    tokens: [...prompt, ...generated],
    promptTokens: answer.promptTokens ?? prompt.length,
    cachedTokens: answer.cachedTokens ?? 0,
    promptMs: answer.promptMs ?? 0,
    generatedTokens: answer.generatedTokens ?? generated.length,
    generatedMs: answer.generatedMs ?? 0,
  };
}

function toPiece(piece: string | ScriptedPiece): ScriptedPiece {
  return typeof piece === "string" ? { text: piece } : piece;
}

function lengthLimit(request: CompletionRequest, room: number): number {
  const asked =
    request.maxTokens === undefined || request.maxTokens < 0 ? Number.POSITIVE_INFINITY : request.maxTokens;
  return request.contextShift === false ? Math.min(asked, room) : asked;
}

async function pause(delayMs: number | undefined, signal: AbortSignal | undefined): Promise<void> {
  try {
    if (delayMs !== undefined) await sleep(delayMs, undefined, signal === undefined ? {} : { signal });
    signal?.throwIfAborted();
  } catch (cause) {
    throw new EngineError("ABORTED", "the request was cancelled", { cause });
  }
}

function tooLong(promptTokens: number, contextTokens: number): EngineError {
  return new EngineError(
    "PROMPT_TOO_LONG",
    `the prompt has ${promptTokens} tokens and the context ${contextTokens}; shorten it or ask for a longer context`,
    { details: { promptTokens, contextTokens } },
  );
}
