import type { CallOptions, ChatResponse, Puna } from "@puna/sdk";
import { forceCall } from "./force-call.ts";
import type { PreparedChat } from "./to-chat-request.ts";

/**
 * The pieces of one answer. A format would bind the model from its first word, so that it could call nothing: where
 * a request has tools too, the model is first asked without the format, and, if it calls nothing, again without the
 * tools. Token counts are those of both.
 */
export async function* askModel(
  client: Puna,
  { request, mustCall }: PreparedChat,
  options: CallOptions,
): AsyncGenerator<ChatResponse> {
  const { format, tools, ...rest } = request;
  if (mustCall && tools !== undefined) {
    yield* forceCall(client, { ...rest, tools }, options);
    return;
  }
  if (format === undefined || tools === undefined) {
    yield* await client.chat(request, options);
    return;
  }
  let callCount = 0;
  let first: ChatResponse | undefined;
  for await (const chunk of await client.chat({ ...rest, tools }, options)) {
    first = chunk;
    const { content: _text, ...message } = chunk.message;
    callCount += message.tool_calls?.length ?? 0;
    if (!chunk.done || callCount > 0) yield { ...chunk, message: { ...message, content: "" } };
  }
  if (callCount > 0) return;
  for await (const chunk of await client.chat({ ...rest, format }, options)) {
    yield chunk.done ? withCountsOf(chunk, first) : chunk;
  }
}

function withCountsOf(chunk: ChatResponse, first: ChatResponse | undefined): ChatResponse {
  return {
    ...chunk,
    prompt_eval_count: (chunk.prompt_eval_count ?? 0) + (first?.prompt_eval_count ?? 0),
    eval_count: (chunk.eval_count ?? 0) + (first?.eval_count ?? 0),
  };
}
