import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import type { ChatResponse } from "@puna/sdk";
import { toFinishReason, toToolCall, toUsage } from "./from-chat-response.ts";

type Block = "text" | "reasoning";

/** Turns the pieces of an answer into the blocks that the AI SDK reads; ends with `finish`. */
export async function* toStreamParts(
  chunks: AsyncIterable<ChatResponse>,
  includeRawChunks = false,
): AsyncGenerator<LanguageModelV4StreamPart> {
  let open: { readonly block: Block; readonly id: string } | undefined;
  let blockCount = 0;
  let callCount = 0;
  let last: ChatResponse | undefined;
  let isFirst = true;

  function* close(): Generator<LanguageModelV4StreamPart> {
    if (open !== undefined) yield { type: `${open.block}-end`, id: open.id };
    open = undefined;
  }
  function* add(block: Block, delta: string | undefined): Generator<LanguageModelV4StreamPart> {
    if (delta === undefined || delta === "") return;
    if (open?.block !== block) {
      yield* close();
      open = { block, id: String(blockCount++) };
      yield { type: `${block}-start`, id: open.id };
    }
    yield { type: `${block}-delta`, id: open.id, delta };
  }

  for await (const chunk of chunks) {
    if (includeRawChunks) yield { type: "raw", rawValue: chunk };
    if (isFirst)
      yield { type: "response-metadata", modelId: chunk.model, timestamp: new Date(chunk.created_at) };
    isFirst = false;
    yield* add("reasoning", chunk.message.thinking);
    yield* add("text", chunk.message.content);
    for (const call of chunk.message.tool_calls ?? []) {
      yield* close();
      callCount++;
      // Calls come whole: their input is one piece.
      const part = toToolCall(call);
      yield { type: "tool-input-start", id: part.toolCallId, toolName: part.toolName };
      yield { type: "tool-input-delta", id: part.toolCallId, delta: part.input };
      yield { type: "tool-input-end", id: part.toolCallId };
      yield part;
    }
    if (chunk.done) last = chunk;
  }
  yield* close();
  yield { type: "finish", finishReason: toFinishReason(last, callCount), usage: toUsage(last) };
}
