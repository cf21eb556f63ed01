import type { ProgressResponse } from "@puna/protocol";
import { streamErrorReply } from "../http/error-reply.ts";
import { contentTypes, jsonReply } from "../http/json-reply.ts";
import type { Reply } from "../http/reply.ts";
import type { RequestContext } from "../http/route.ts";
import { ndjsonReply } from "./native-reply.ts";

/** Answers pull, push and create: a line for each step, or the last step alone. */
export async function progressReply(
  context: RequestContext,
  steps: AsyncIterable<ProgressResponse>,
  wantsStream: boolean,
): Promise<Reply> {
  if (wantsStream) return ndjsonReply(context, steps);
  try {
    let last: ProgressResponse = { status: "success" };
    for await (const step of steps) last = step;
    return jsonReply(last, 200, contentTypes.bareJson);
  } catch (error) {
    context.reportLate(error);
    return streamErrorReply(error);
  }
}
