import type { ProgressResponse } from "@puna/protocol";
import { streamErrorResponse } from "../http/error-response.ts";
import { contentTypes, jsonResponse } from "../http/json-response.ts";
import type { RequestContext } from "../http/route.ts";
import { ndjsonResponse } from "./native-reply.ts";

/** Answers pull, push and create: a line for each step, or the last step alone. */
export async function progressResponse(
  context: RequestContext,
  steps: AsyncIterable<ProgressResponse>,
  wantsStream: boolean,
): Promise<Response> {
  if (wantsStream) return ndjsonResponse(context, steps);
  try {
    let last: ProgressResponse = { status: "success" };
    for await (const step of steps) last = step;
    return jsonResponse(last, 200, contentTypes.bareJson);
  } catch (error) {
    context.reportLate(error);
    return streamErrorResponse(error);
  }
}
