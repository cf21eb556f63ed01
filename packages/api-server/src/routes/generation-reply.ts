import { jsonResponse } from "../http/json-response.ts";
import type { RequestContext } from "../http/route.ts";
import type { GenerationEvent } from "../services/generation-event.ts";
import type { FramedEvent, Framing } from "./generation-frames.ts";
import { ndjsonResponse } from "./native-reply.ts";

/**
 * Answers chat and generate: with a stream, unless the client does not want one or there is nothing to stream.
 * What is refused before the engine is asked is thrown; what the engine refuses is answered as a stream that failed at once.
 */
export async function generationResponse<T>(
  context: RequestContext,
  events: AsyncGenerator<GenerationEvent>,
  framing: Framing<T>,
  wantsStream: boolean,
): Promise<Response> {
  if (!wantsStream) return jsonResponse(await framing.collect(events));
  const first = await events.next();
  if (first.done !== true && first.value.type !== "generation-start") {
    await events.return(undefined);
    return jsonResponse(framing.frame(first.value));
  }
  return ndjsonResponse(context, frames(events, framing));
}

async function* frames<T>(events: AsyncIterable<GenerationEvent>, framing: Framing<T>): AsyncGenerator<T> {
  for await (const event of events) {
    if (isFramed(event)) yield framing.frame(event);
  }
}

function isFramed(event: GenerationEvent): event is FramedEvent {
  return event.type !== "generation-start";
}
