import type { ToolCall } from "@puna/protocol";
import { printArguments } from "../../print-arguments.ts";
import type { CollectedAnswer, Usage } from "../from-chat-events.ts";
import { newNumberedId } from "../ids.ts";
import type { OutputItem } from "./response-object.ts";

export interface ResponseEvent {
  readonly type: string;
  readonly sequence_number: number;
  readonly [field: string]: unknown;
}

/**
 * Writes the output items of one streamed response and numbers its events. Reasoning ends before anything else begins.
 * A message that was begun stays open beside tool calls and takes no output index then, as Ollama has it.
 */
export class OutputWriter {
  #sequence = 0;
  #outputIndex = 0;
  #reasoning: { readonly id: string; text: string; done: boolean } | undefined;
  #message: { readonly id: string; readonly index: number; text: string } | undefined;
  readonly #calls: OutputItem[] = [];
  readonly #toolCalls: ToolCall[] = [];

  event(type: string, fields: Readonly<Record<string, unknown>>): ResponseEvent {
    return { ...fields, sequence_number: this.#sequence++, type };
  }

  *thinking(text: string): Generator<ResponseEvent> {
    if (text === "") return;
    if (this.#reasoning === undefined) {
      this.#reasoning = { id: newNumberedId("rs"), text: "", done: false };
      const item = { id: this.#reasoning.id, summary: [], type: "reasoning" };
      yield this.event("response.output_item.added", { item, output_index: this.#outputIndex });
    }
    this.#reasoning.text += text;
    yield this.event("response.reasoning_summary_text.delta", {
      delta: text,
      ...this.#summaryOf(this.#reasoning.id),
    });
  }

  *text(text: string): Generator<ResponseEvent> {
    if (text === "") return;
    yield* this.#endReasoning();
    if (this.#message === undefined) {
      this.#message = { id: newNumberedId("msg"), index: this.#outputIndex, text: "" };
      const item = {
        id: this.#message.id,
        type: "message",
        role: "assistant",
        status: "in_progress",
        content: [],
      };
      yield this.event("response.output_item.added", { item, output_index: this.#message.index });
      yield this.event("response.content_part.added", { ...this.#placeOf(this.#message), part: toPart("") });
    }
    this.#message.text += text;
    yield this.event("response.output_text.delta", {
      ...this.#placeOf(this.#message),
      delta: text,
      logprobs: [],
    });
  }

  *toolCall(call: ToolCall): Generator<ResponseEvent> {
    yield* this.#endReasoning();
    this.#toolCalls.push(call);
    const args = printArguments(call.function.arguments);
    const id = `${newNumberedId("fc")}_${call.function.index ?? 0}`;
    const item = { id, type: "function_call", call_id: call.id ?? "", name: call.function.name };
    const done = { ...item, status: "completed", arguments: args };
    const place = { item_id: id, output_index: this.#outputIndex };
    yield this.event("response.output_item.added", {
      item: { ...item, status: "in_progress", arguments: "" },
      output_index: this.#outputIndex,
    });
    yield this.event("response.function_call_arguments.delta", { ...place, delta: args });
    yield this.event("response.function_call_arguments.done", { ...place, arguments: args });
    yield this.event("response.output_item.done", { item: done, output_index: this.#outputIndex });
    this.#outputIndex++;
    this.#calls.push(done);
  }

  *end(): Generator<ResponseEvent> {
    yield* this.#endReasoning();
    if (this.#message === undefined || this.#calls.length > 0) return;
    const { text } = this.#message;
    const place = this.#placeOf(this.#message);
    yield this.event("response.output_text.done", { ...place, text, logprobs: [] });
    yield this.event("response.content_part.done", { ...place, part: toPart(text) });
    yield this.event("response.output_item.done", {
      item: this.#messageItem(),
      output_index: this.#message.index,
    });
  }

  output(): OutputItem[] {
    const reasoning =
      this.#reasoning === undefined ? [] : [toReasoningItem(this.#reasoning.id, this.#reasoning.text)];
    return [...reasoning, ...this.#calls, ...(this.#message === undefined ? [] : [this.#messageItem()])];
  }

  answer(usage: Usage, droppedMessages: number): CollectedAnswer {
    return {
      content: this.#message?.text ?? "",
      thinking: this.#reasoning?.text ?? "",
      toolCalls: this.#toolCalls,
      logprobs: [],
      finish: "stop",
      usage,
      droppedMessages,
    };
  }

  *#endReasoning(): Generator<ResponseEvent> {
    const reasoning = this.#reasoning;
    if (reasoning === undefined || reasoning.done) return;
    reasoning.done = true;
    const { id, text } = reasoning;
    yield this.event("response.reasoning_summary_text.done", { ...this.#summaryOf(id), text });
    yield this.event("response.output_item.done", {
      item: toReasoningItem(id, text),
      output_index: this.#outputIndex,
    });
    this.#outputIndex++;
  }

  #summaryOf(id: string) {
    return { item_id: id, output_index: this.#outputIndex, summary_index: 0 };
  }

  #placeOf(message: { readonly id: string; readonly index: number }) {
    return { item_id: message.id, output_index: message.index, content_index: 0 };
  }

  #messageItem(): OutputItem {
    const { id = "", text = "" } = this.#message ?? {};
    return { id, type: "message", status: "completed", role: "assistant", content: [toPart(text)] };
  }
}

function toReasoningItem(id: string, text: string): OutputItem {
  return { id, type: "reasoning", summary: [{ type: "summary_text", text }], encrypted_content: text };
}

function toPart(text: string) {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}
