import type { CompletionRequest, ModelLease, TokenEvent, TokenProbability } from "@puna/engine";
import type { OutputEvent, OutputParser } from "@puna/model-format";
import type { Logprob, TokenLogprob, ToolCall } from "@puna/protocol";
import type { AnswerPart, EndReason } from "./generation-event.ts";

/** So many equal pieces in a row are no answer any more. @source ollama llm/server.go */
const maxRepeats = 30;

export interface AnswerOptions {
  readonly lease: ModelLease;
  readonly request: CompletionRequest;
  readonly parser: OutputParser | undefined;
  /** Whether pieces that say nothing are told of, as Ollama's generate does while it reads thinking tags. */
  readonly emitEmpty: boolean;
  /** Tool calls wait for the end. */
  readonly callsAtEnd: boolean;
  readonly newCallId: (() => string) | undefined;
  readonly signal: AbortSignal;
}

type EngineEnd = Extract<TokenEvent, { type: "generation-end" }>;

export type AnswerEvent =
  | ({ readonly type: "answer-delta" } & AnswerPart)
  | ({
      readonly type: "answer-end";
      readonly reason: EndReason;
      readonly engineEnd: EngineEnd | undefined;
      readonly text: string;
    } & AnswerPart);

/**
 * Runs one completion and reads what comes out. One engine piece gives at most one delta.
 * When the engine's stream ends without saying why, so does this one.
 * @throws EngineError, OutputError
 */
export async function* runAnswer(options: AnswerOptions): AsyncGenerator<AnswerEvent> {
  const repeats = new RepeatCounter();
  const reader = new PartReader(options);
  // Left early, it tells the engine to stop.
  for await (const event of options.lease.complete(options.request, options.signal)) {
    if (event.type === "generation-end") {
      const part = reader.read(options.parser?.end() ?? [], undefined, true);
      yield { type: "answer-end", reason: event.reason, engineEnd: event, text: reader.text, ...part };
      return;
    }
    if (repeats.add(event.text) > maxRepeats) {
      yield {
        type: "answer-end",
        reason: "repeat",
        engineEnd: undefined,
        text: reader.text,
        ...reader.read([], undefined, true),
      };
      return;
    }
    const part = reader.readText(event);
    if (options.emitEmpty || !isEmpty(part)) yield { type: "answer-delta", ...part };
  }
}

/** Turns what the parser says into parts of the answer, and numbers tool calls. */
class PartReader {
  text = "";
  readonly #options: AnswerOptions;
  #calls = 0;
  #waiting: ToolCall[] = [];

  constructor(options: AnswerOptions) {
    this.#options = options;
  }

  readText(event: Extract<TokenEvent, { type: "text-delta" }>): AnswerPart {
    this.text += event.text;
    const logprobs = event.logprobs?.map(toLogprob);
    const parser = this.#options.parser;
    const events: readonly OutputEvent[] =
      parser === undefined ? [{ type: "text-delta", text: event.text }] : parser.push(event.text);
    return this.read(events, logprobs, false);
  }

  read(events: readonly OutputEvent[], logprobs: readonly Logprob[] | undefined, isEnd: boolean): AnswerPart {
    let content = "";
    let thinking = "";
    const calls: ToolCall[] = [];
    for (const event of events) {
      if (event.type === "text-delta") content += event.text;
      else if (event.type === "thinking-delta") thinking += event.text;
      else calls.push(this.#number(event.call));
    }
    if (this.#options.callsAtEnd) this.#waiting.push(...calls.splice(0));
    const toolCalls = isEnd && this.#options.callsAtEnd ? this.#waiting : calls;
    return { content, thinking, toolCalls, ...(logprobs !== undefined && { logprobs }) };
  }

  #number(call: ToolCall): ToolCall {
    const id = call.id ?? this.#options.newCallId?.();
    const index = this.#calls++;
    const { name, arguments: args } = call.function;
    return { ...(id !== undefined && { id }), function: { index, name, arguments: args } };
  }
}

class RepeatCounter {
  #last = "";
  #count = 0;

  add(piece: string): number {
    const text = piece.trim();
    this.#count = text === this.#last ? this.#count + 1 : 0;
    this.#last = text;
    return this.#count;
  }
}

function isEmpty(part: AnswerPart): boolean {
  return (
    part.content === "" && part.thinking === "" && part.toolCalls.length === 0 && part.logprobs === undefined
  );
}

function toLogprob(token: TokenProbability & { readonly top: readonly TokenProbability[] }): Logprob {
  const top = token.top.map(toTokenLogprob);
  return { ...toTokenLogprob(token), ...(top.length > 0 && { top_logprobs: top }) };
}

function toTokenLogprob({ token, logprob, bytes }: TokenProbability): TokenLogprob {
  return { token, logprob, ...(bytes.length > 0 && { bytes }) };
}
