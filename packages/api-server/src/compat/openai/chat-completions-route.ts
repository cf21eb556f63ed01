import type { Dependencies } from "../../dependencies.ts";
import { jsonLineReply } from "../../http/json-reply.ts";
import type { RequestContext, Route } from "../../http/route.ts";
import type { ChatSettings } from "../../services/generation-request.ts";
import { runChat } from "../../services/run-chat.ts";
import { requireEnd } from "../require-end.ts";
import { doneEvent, type SseEvent, sseReply } from "../sse-reply.ts";
import { understand } from "../understand.ts";
import { chatCompletionSchema } from "./chat-schema.ts";
import {
  collectAnswer,
  type ReplyHead,
  sumUsage,
  toChatChunks,
  toChatCompletion,
  toUsageChunk,
  type Usage,
} from "./from-chat-events.ts";
import { newId } from "./ids.ts";
import { forRun } from "./several-runs.ts";
import { toChatSettings } from "./to-chat-settings.ts";

export function chatCompletionsRoute(dependencies: Dependencies): Route {
  return {
    method: "POST",
    path: "/v1/chat/completions",
    verb: "infer",
    family: "openai",
    async handle(context) {
      const understood = await understand(context, "openai", chatCompletionSchema, (request) => ({
        settings: toChatSettings(request, context.warn),
        count: request.n ?? 1,
        stream: request.stream ?? false,
        withUsage: request.stream_options?.include_usage ?? false,
      }));
      if (!understood.ok) return understood.reply;
      const { settings, count, stream, withUsage } = understood.value;
      context.requireModelAccess(settings.model);
      const head = {
        id: newId("chatcmpl"),
        created: Math.trunc(dependencies.now() / 1000),
        model: settings.model,
      };
      const runs = Array.from({ length: count }, (_, index) => forRun(settings, index));
      if (stream) {
        const events = streamRuns(dependencies, context, head, runs, withUsage);
        return sseReply(context, events, { family: "openai" });
      }
      const answers = [];
      for (const run of runs) answers.push(await collectAnswer(runChat(dependencies, run, context)));
      return jsonLineReply(toChatCompletion(head, answers));
    },
  };
}

async function* streamRuns(
  dependencies: Dependencies,
  context: RequestContext,
  head: ReplyHead,
  runs: readonly ChatSettings[],
  withUsage: boolean,
): AsyncGenerator<SseEvent> {
  const usages: { usage: Usage }[] = [];
  for (const [index, run] of runs.entries()) {
    const events = requireEnd(runChat(dependencies, run, context));
    for await (const data of toChatChunks(head, index, events, (usage) => usages.push({ usage })))
      yield { data };
  }
  if (withUsage) yield { data: toUsageChunk(head, sumUsage(usages)) };
  yield doneEvent;
}
