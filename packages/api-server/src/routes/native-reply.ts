import { encodeNdjson } from "@puna/protocol/framing";
import { streamErrorReply } from "../http/error-reply.ts";
import { toApiFailure } from "../http/error-status.ts";
import { contentTypes } from "../http/json-reply.ts";
import type { Reply } from "../http/reply.ts";
import type { RequestContext } from "../http/route.ts";
import { type StreamFormat, streamReply } from "../http/stream-reply.ts";

/** Ollama's streams: a line of JSON for each value; an error is the last line. */
function ndjsonFormat<T>(): StreamFormat<T> {
  return {
    contentType: contentTypes.ndjson,
    print: (value) => encodeNdjson(value),
    printError: (error) => encodeNdjson({ error: toApiFailure(error).message }),
  };
}

/** Streams values as NDJSON. An error before the first value has its own status. */
export async function ndjsonReply<T>(context: RequestContext, values: AsyncIterable<T>): Promise<Reply> {
  try {
    return await streamReply(values, ndjsonFormat<T>(), context);
  } catch (error) {
    context.reportLate(error);
    return streamErrorReply(error);
  }
}
