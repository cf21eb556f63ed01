import { encodeSse } from "@puna/protocol/framing";
import { errorResponse, toErrorBody } from "../http/error-response.ts";
import { toApiFailure } from "../http/error-status.ts";
import { contentTypes } from "../http/json-response.ts";
import type { Family, RequestContext } from "../http/route.ts";
import { type StreamFormat, streamResponse } from "../http/stream-response.ts";

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
export async function sseResponse(
  context: RequestContext,
  events: AsyncIterable<SseEvent>,
  { family, errorEvent, noCache = false }: SseOptions,
): Promise<Response> {
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
    return await streamResponse(events, format, context);
  } catch (error) {
    context.reportLate(error);
    const response = errorResponse(error, family, context.id);
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    return response;
  }
}

function printEvent({ event, data }: SseEvent): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return encodeSse(event === undefined ? { data: text } : { event, data: text });
}
