import type { ChatResponse, GenerateResponse, Message, Metrics } from "@puna/protocol";
import { toDebugInfo } from "../services/debug-info.ts";
import { droppedNote } from "../services/dropped-note.ts";
import type { AnswerPart, GenerationEvent } from "../services/generation-event.ts";

/** Turns events into Ollama's reply objects: one for each event of a stream, or one for all. */
export interface Framing<T> {
  frame(event: FramedEvent): T;
  /** @returns what a client gets that does not stream; without a last event it is not `done` */
  collect(events: AsyncIterable<GenerationEvent>): Promise<T>;
}

/** What becomes a reply object. */
export type FramedEvent = Exclude<GenerationEvent, { type: "generation-start" }>;

interface Head {
  readonly model: string;
  now(): number;
}

export function chatFraming(head: Head): Framing<ChatResponse> {
  return framing(head, (event) => ({ message: toMessage(event) }));
}

export function generateFraming(head: Head): Framing<GenerateResponse> {
  return framing(head, (event) => ({
    response: event?.content ?? "",
    ...(event !== undefined && event.thinking !== "" && { thinking: event.thinking }),
    ...(event !== undefined && event.toolCalls.length > 0 && { tool_calls: event.toolCalls }),
    ...(event?.context !== undefined && { context: event.context }),
  }));
}

type Part = AnswerPart & { readonly context?: readonly number[] | undefined };

function framing<T extends object>(
  { model, now }: Head,
  body: (part: Part | undefined, event: FramedEvent) => T,
) {
  const base = () => ({ model, created_at: new Date(now()).toISOString() });
  const frame = (event: FramedEvent) => {
    switch (event.type) {
      case "answer-delta":
        return { ...base(), ...body(event, event), done: false, ...logprobs(event) };
      case "generation-end":
        return {
          ...base(),
          ...body(event, event),
          done: true,
          done_reason: event.reason,
          ...logprobs(event),
          ...tail(event),
        };
      case "model-load":
        return {
          ...base(),
          ...body({ content: "", thinking: "", toolCalls: [] }, event),
          done: true,
          done_reason: "load",
        };
      case "model-unload":
        return {
          ...base(),
          ...body({ content: "", thinking: "", toolCalls: [] }, event),
          done: true,
          done_reason: "unload",
        };
      case "prompt-render":
        return {
          ...base(),
          ...body(undefined, event),
          done: false,
          _debug_info: toDebugInfo(event),
        };
      default:
        return event satisfies never;
    }
  };
  return {
    frame,
    async collect(events: AsyncIterable<GenerationEvent>) {
      const parts: AnswerPart[] = [];
      for await (const event of events) {
        if (event.type === "answer-delta") parts.push(event);
        else if (event.type === "generation-end") return frame({ ...event, ...joinParts([...parts, event]) });
        else if (event.type !== "generation-start") return frame(event);
      }
      return frame({ type: "answer-delta", ...joinParts(parts) });
    },
  };
}

function toMessage(part: Part | undefined): Message {
  if (part === undefined) return { role: "", content: "" };
  return {
    role: "assistant",
    content: part.content,
    ...(part.thinking !== "" && { thinking: part.thinking }),
    ...(part.toolCalls.length > 0 && { tool_calls: part.toolCalls }),
  };
}

function joinParts(parts: readonly AnswerPart[]): AnswerPart {
  const logprobs = parts.flatMap((part) => part.logprobs ?? []);
  return {
    content: parts.map((part) => part.content).join(""),
    thinking: parts.map((part) => part.thinking).join(""),
    toolCalls: parts.flatMap((part) => part.toolCalls),
    ...(logprobs.length > 0 && { logprobs }),
  };
}

function logprobs(part: AnswerPart) {
  return part.logprobs !== undefined && part.logprobs.length > 0 ? { logprobs: part.logprobs } : {};
}

/** One nanosecond. */
const shortestMs = 1e-6;

function tail(event: Extract<GenerationEvent, { type: "generation-end" }>) {
  const { metrics, droppedMessages } = event;
  const wire: Metrics = {
    // These two took time even where the clock did not tick.
    ...duration("total_duration", metrics.totalMs || shortestMs),
    ...duration("load_duration", metrics.loadMs || shortestMs),
    ...count("prompt_eval_count", metrics.promptTokens),
    ...duration("prompt_eval_duration", metrics.promptMs),
    ...count("eval_count", metrics.generatedTokens),
    ...duration("eval_duration", metrics.generatedMs),
  };
  return { ...wire, ...droppedNote(droppedMessages) };
}

function count(name: string, value: number) {
  return value > 0 ? { [name]: value } : {};
}

/** Nanoseconds, at least one for whatever took time at all: zero would be left out. */
function duration(name: string, ms: number) {
  return ms > 0 ? { [name]: Math.max(1, Math.round(ms * 1_000_000)) } : {};
}
