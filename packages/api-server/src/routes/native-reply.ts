import { encodeNdjson } from "@puna/protocol/framing";
import { streamErrorResponse } from "../http/error-response.ts";
import { toApiFailure } from "../http/error-status.ts";
import { contentTypes } from "../http/json-response.ts";
import type { RequestContext } from "../http/route.ts";
import { type StreamFormat, streamResponse } from "../http/stream-response.ts";

/** Ollama's streams: a line of JSON for each value; an error is the last line. */
function ndjsonFormat<T>(): StreamFormat<T> {
  return {
    contentType: contentTypes.ndjson,
    print: (value) => encodeNdjson(value),
    printError: (error) => encodeNdjson({ error: toApiFailure(error).message }),
  };
}

/** Streams values as NDJSON. An error before the first value has its own status. */
export async function ndjsonResponse<T>(
  context: RequestContext,
  values: AsyncIterable<T>,
): Promise<Response> {
  try {
    return await streamResponse(values, ndjsonFormat<T>(), context);
  } catch (error) {
    context.reportLate(error);
    return streamErrorResponse(error);
  }
}
