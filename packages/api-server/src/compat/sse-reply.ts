import { encodeSse } from "@puna/protocol/framing";
import { errorReply, toErrorBody } from "../http/error-reply.ts";
import { toApiFailure } from "../http/error-status.ts";
import { contentTypes } from "../http/json-reply.ts";
import { type Reply, withHeaders } from "../http/reply.ts";
import type { Family, RequestContext } from "../http/route.ts";
import { type StreamFormat, streamReply } from "../http/stream-reply.ts";

export interface SseEvent {
  /** Absent for streams of bare data. */
  readonly event?: string;
  readonly data: unknown;
}

/** What ends OpenAI's streams. */
export const doneEvent: SseEvent = { data: "[DONE]" };

export interface SseOptions {
  readonly family: Exclude<Family, "ollama">;
  /** Name of the event that tells of a failure; OpenAI's completions know none. */
  readonly errorEvent?: string;
  readonly noCache?: boolean;
}

/** Streams server-sent events. An error before the first has its own status; a later one is the last event. */
export async function sseReply(
  context: RequestContext,
  events: AsyncIterable<SseEvent>,
  { family, errorEvent, noCache = false }: SseOptions,
): Promise<Reply> {
  const headers: Record<string, string> = noCache ? { "Cache-Control": "no-cache" } : {};
  const format: StreamFormat<SseEvent> = {
    contentType: contentTypes.sse,
    headers,
    print: printEvent,
    printError(error) {
      const data = toErrorBody(family, toApiFailure(error), context.id);
      return printEvent(errorEvent === undefined ? { data } : { event: errorEvent, data });
    },
  };
  try {
    return await streamReply(events, format, context);
  } catch (error) {
    context.reportLate(error);
    return withHeaders(errorReply(error, family, context.id), headers);
  }
}

function printEvent({ event, data }: SseEvent): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return encodeSse(event === undefined ? { data: text } : { event, data: text });
}
