import type { Dependencies } from "../../dependencies.ts";
import { jsonLineReply } from "../../http/json-reply.ts";
import type { Route } from "../../http/route.ts";
import { runChat } from "../../services/run-chat.ts";
import { countPromptTokens } from "../../services/tokenize.ts";
import { requireEnd } from "../require-end.ts";
import { type SseEvent, sseReply } from "../sse-reply.ts";
import { understand } from "../understand.ts";
import { estimateInputTokens } from "./estimate-input-tokens.ts";
import { type MessageEvent, type MessageHead, toMessage, toMessageEvents } from "./from-chat-events.ts";
import { countTokensSchema, messagesSchema } from "./schema.ts";
import { toChatSettings, toPromptSettings } from "./to-chat-settings.ts";

export function anthropicRoutes(dependencies: Dependencies): Route[] {
  return [messagesRoute(dependencies), countTokensRoute(dependencies)];
}

function messagesRoute(dependencies: Dependencies): Route {
  return {
    method: "POST",
    path: "/v1/messages",
    verb: "infer",
    family: "anthropic",
    async handle(context) {
      const understood = await understand(context, "anthropic", messagesSchema, (request) => ({
        request,
        settings: toChatSettings(request, context.warn),
      }));
      if (!understood.ok) return understood.reply;
      const { request, settings } = understood.value;
      context.requireModelAccess(settings.model);
      const head: MessageHead = {
        model: settings.model,
        estimatedInputTokens: estimateInputTokens(request),
        stopSequences: request.stop_sequences ?? [],
      };
      const events = runChat(dependencies, settings, context);
      if (request.stream !== true) return jsonLineReply(await toMessage(head, events));
      return sseReply(context, toSse(toMessageEvents(head, requireEnd(events))), {
        family: "anthropic",
        errorEvent: "error",
        noCache: true,
      });
    },
  };
}

function countTokensRoute(dependencies: Dependencies): Route {
  return {
    method: "POST",
    path: "/v1/messages/count_tokens",
    verb: "infer",
    family: "anthropic",
    async handle(context) {
      const understood = await understand(context, "anthropic", countTokensSchema, (request) =>
        toPromptSettings(request, context.warn),
      );
      if (!understood.ok) return understood.reply;
      context.requireModelAccess(understood.value.model);
      return jsonLineReply({
        input_tokens: await countPromptTokens(dependencies, understood.value, context),
      });
    },
  };
}

async function* toSse(events: AsyncIterable<MessageEvent>): AsyncGenerator<SseEvent> {
  for await (const event of events) yield { event: event.type, data: event };
}
