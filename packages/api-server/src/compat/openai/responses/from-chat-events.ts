import type { GenerationEvent } from "../../../services/generation-event.ts";
import { printArguments } from "../../print-arguments.ts";
import { type CollectedAnswer, collectAnswer, noUsage, toUsage } from "../from-chat-events.ts";
import { newNumberedId } from "../ids.ts";
import { OutputWriter, type ResponseEvent } from "./output-writer.ts";
import { type OutputItem, type ResponseState, toResponseObject } from "./response-object.ts";
import type { ResponsesRequest } from "./schema.ts";

export interface ResponseHead {
  readonly request: ResponsesRequest;
  readonly id: string;
  readonly createdAt: number;
  /** Unix seconds. */
  now(): number;
  /** Told once, with what was answered, when the response is complete. */
  onComplete(response: ReturnType<typeof toResponseObject>, answer: CollectedAnswer): void;
}

/** The whole response as one object. Text beside tool calls is left out, as Ollama does. */
export async function toResponse(head: ResponseHead, events: AsyncIterable<GenerationEvent>) {
  const answer = await collectAnswer(events);
  const response = toResponseObject(head.request, {
    ...startOf(head),
    completedAt: head.now(),
    status: "completed",
    output: toOutput(head.id, answer),
    usage: answer.usage,
    droppedMessages: answer.droppedMessages,
  });
  head.onComplete(response, answer);
  return response;
}

function toOutput(id: string, { thinking, toolCalls, content }: CollectedAnswer): OutputItem[] {
  const reasoning = {
    id: `rs_${id}`,
    type: "reasoning",
    summary: [{ type: "summary_text", text: thinking }],
    encrypted_content: thinking,
  };
  const calls = toolCalls.map((call, index) => ({
    id: `fc_${id}_${index}`,
    type: "function_call",
    status: "completed",
    call_id: call.id ?? "",
    name: call.function.name,
    arguments: printArguments(call.function.arguments),
  }));
  const message = {
    id: newNumberedId("msg"),
    type: "message",
    status: "completed",
    role: "assistant",
    content: [{ type: "output_text", text: content, annotations: [], logprobs: [] }],
  };
  return [...(thinking === "" ? [] : [reasoning]), ...(calls.length > 0 ? calls : [message])];
}

/** Streams the response as OpenAI's typed events. */
export async function* toResponseEvents(
  head: ResponseHead,
  events: AsyncIterable<GenerationEvent>,
): AsyncGenerator<ResponseEvent> {
  const writer = new OutputWriter();
  let isStarted = false;
  const start = function* () {
    if (isStarted) return;
    isStarted = true;
    const response = toResponseObject(head.request, { ...startOf(head), isStreamed: true });
    yield writer.event("response.created", { response });
    yield writer.event("response.in_progress", { response });
  };
  for await (const event of events) {
    if (event.type === "prompt-render" || event.type === "generation-start") continue;
    yield* start();
    if (event.type === "answer-delta" || event.type === "generation-end") {
      yield* writer.thinking(event.thinking);
      for (const call of event.toolCalls) yield* writer.toolCall(call);
      yield* writer.text(event.content);
    }
    if (event.type === "answer-delta") continue;
    yield* writer.end();
    const isGenerated = event.type === "generation-end";
    const usage = isGenerated ? toUsage(event) : noUsage;
    const droppedMessages = isGenerated ? event.droppedMessages : 0;
    const response = toResponseObject(head.request, {
      ...startOf(head),
      completedAt: head.now(),
      status: "completed",
      output: writer.output(),
      usage,
      droppedMessages,
      isStreamed: true,
    });
    yield writer.event("response.completed", { response });
    head.onComplete(response, writer.answer(usage, droppedMessages));
  }
}

function startOf(head: ResponseHead): ResponseState {
  return {
    id: head.id,
    createdAt: head.createdAt,
    completedAt: null,
    status: "in_progress",
    output: [],
    usage: undefined,
  };
}
