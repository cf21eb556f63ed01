import { jsonReply } from "../http/json-reply.ts";
import type { Reply } from "../http/reply.ts";
import type { RequestContext } from "../http/route.ts";
import type { GenerationEvent } from "../services/generation-event.ts";
import type { FramedEvent, Framing } from "./generation-frames.ts";
import { ndjsonReply } from "./native-reply.ts";

/**
 * Answers chat and generate: with a stream, unless the client does not want one or there is nothing to stream.
 * What is refused before the engine is asked is thrown; what the engine refuses is answered as a stream that failed at once.
 */
export async function generationReply<T>(
  context: RequestContext,
  events: AsyncGenerator<GenerationEvent>,
  framing: Framing<T>,
  wantsStream: boolean,
): Promise<Reply> {
  if (!wantsStream) return jsonReply(await framing.collect(events));
  const first = await events.next();
  if (first.done !== true && first.value.type !== "generation-start") {
    await events.return(undefined);
    return jsonReply(framing.frame(first.value));
  }
  return ndjsonReply(context, frames(events, framing));
}

async function* frames<T>(events: AsyncIterable<GenerationEvent>, framing: Framing<T>): AsyncGenerator<T> {
  for await (const event of events) {
    if (isFramed(event)) yield framing.frame(event);
  }
}

function isFramed(event: GenerationEvent): event is FramedEvent {
  return event.type !== "generation-start";
}
