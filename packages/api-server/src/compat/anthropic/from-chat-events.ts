import { randomBytes } from "node:crypto";
import type { ToolCall } from "@puna/protocol";
import { droppedNote } from "../../services/dropped-note.ts";
import type { GenerationEvent } from "../../services/generation-event.ts";
import { printArguments } from "../print-arguments.ts";

/** What the reply must know of its request. */
export interface MessageHead {
  readonly model: string;
  /** Shown until the engine has counted. */
  readonly estimatedInputTokens: number;
  /** Which of the stop sequences the client asked for. */
  readonly stopSequences: readonly string[];
}

export interface MessageEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

type GenerationEnd = Extract<GenerationEvent, { type: "generation-end" }>;

function newMessageId(): string {
  return `msg_${randomBytes(12).toString("hex")}`;
}

/** The whole answer as one message. */
export async function toMessage(head: MessageHead, events: AsyncIterable<GenerationEvent>) {
  let [content, thinking] = ["", ""];
  const toolCalls: ToolCall[] = [];
  let end: GenerationEnd | undefined;
  let stopReason: string | undefined;
  for await (const event of events) {
    if (event.type === "model-load" || event.type === "model-unload") stopReason = "end_turn";
    if (event.type !== "answer-delta" && event.type !== "generation-end") continue;
    content += event.content;
    thinking += event.thinking;
    toolCalls.push(...event.toolCalls);
    if (event.type === "generation-end") end = event;
  }
  const stop = end === undefined ? undefined : toStop(head, end, toolCalls.length > 0);
  return {
    id: newMessageId(),
    type: "message",
    role: "assistant",
    model: head.model,
    content: [
      ...(thinking === "" ? [] : [{ type: "thinking", thinking }]),
      ...(content === "" ? [] : [{ type: "text", text: content }]),
      ...toolCalls.map((call) => ({ ...toToolUse(call), input: call.function.arguments })),
    ],
    ...(stopReason !== undefined && { stop_reason: stopReason }),
    ...stop,
    usage: end === undefined ? { input_tokens: 0, output_tokens: 0 } : toUsage(end),
    ...droppedNote(end?.droppedMessages ?? 0),
  };
}

/** Streams the answer as message and content block events. */
export async function* toMessageEvents(
  head: MessageHead,
  events: AsyncIterable<GenerationEvent>,
): AsyncGenerator<MessageEvent> {
  const blocks = new BlockWriter();
  let isStarted = false;
  let calledTools = false;
  for await (const event of events) {
    if (event.type === "prompt-render" || event.type === "generation-start") continue;
    if (!isStarted) yield messageStart(head, event);
    isStarted = true;
    if (event.type === "answer-delta" || event.type === "generation-end") {
      calledTools ||= event.toolCalls.length > 0;
      yield* blocks.thinking(event.thinking);
      yield* blocks.text(event.content);
      for (const call of event.toolCalls) yield* blocks.toolUse(call);
    }
    if (event.type === "answer-delta") continue;
    yield* blocks.close();
    const isGenerated = event.type === "generation-end";
    yield {
      type: "message_delta",
      delta: isGenerated ? toStop(head, event, calledTools) : { stop_reason: "end_turn" },
      usage: isGenerated ? toUsage(event) : { input_tokens: 0, output_tokens: 0 },
      ...droppedNote(isGenerated ? event.droppedMessages : 0),
    };
    yield { type: "message_stop" };
  }
}

function messageStart(head: MessageHead, first: GenerationEvent): MessageEvent {
  const inputTokens =
    first.type === "generation-end" ? first.metrics.promptTokens : head.estimatedInputTokens;
  return {
    type: "message_start",
    message: {
      id: newMessageId(),
      type: "message",
      role: "assistant",
      model: head.model,
      content: [],
      usage: { input_tokens: inputTokens, output_tokens: 0 },
    },
  };
}

/** Keeps one content block open at a time and numbers them. */
class BlockWriter {
  #index = 0;
  #open: "thinking" | "text" | undefined;

  *thinking(text: string): Generator<MessageEvent> {
    if (text === "") return;
    yield* this.#ensure("thinking", { type: "thinking", thinking: "" });
    yield this.#delta({ type: "thinking_delta", thinking: text });
  }

  *text(text: string): Generator<MessageEvent> {
    if (text === "") return;
    yield* this.#ensure("text", { type: "text", text: "" });
    yield this.#delta({ type: "text_delta", text });
  }

  *toolUse(call: ToolCall): Generator<MessageEvent> {
    yield* this.close();
    yield {
      type: "content_block_start",
      index: this.#index,
      content_block: { ...toToolUse(call), input: {} },
    };
    yield this.#delta({ type: "input_json_delta", partial_json: printArguments(call.function.arguments) });
    yield { type: "content_block_stop", index: this.#index++ };
  }

  *close(): Generator<MessageEvent> {
    if (this.#open === undefined) return;
    this.#open = undefined;
    yield { type: "content_block_stop", index: this.#index++ };
  }

  *#ensure(kind: "thinking" | "text", block: object): Generator<MessageEvent> {
    if (this.#open === kind) return;
    yield* this.close();
    this.#open = kind;
    yield { type: "content_block_start", index: this.#index, content_block: block };
  }

  #delta(delta: object): MessageEvent {
    return { type: "content_block_delta", index: this.#index, delta };
  }
}

function toToolUse(call: ToolCall) {
  return { type: "tool_use", id: call.id ?? "", name: call.function.name };
}

function toStop(head: MessageHead, end: GenerationEnd, calledTools: boolean) {
  if (calledTools) return { stop_reason: "tool_use" };
  if (end.reason !== "stop") return { stop_reason: "max_tokens" };
  if (end.stopSequence !== undefined && head.stopSequences.includes(end.stopSequence)) {
    return { stop_reason: "stop_sequence", stop_sequence: end.stopSequence };
  }
  return { stop_reason: "end_turn" };
}

function toUsage(end: GenerationEnd) {
  return { input_tokens: end.metrics.promptTokens, output_tokens: end.metrics.generatedTokens };
}
