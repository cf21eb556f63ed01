import type { Message } from "@puna/protocol";
import type { Dependencies } from "../../../dependencies.ts";
import { ApiError } from "../../../errors.ts";
import { jsonLineReply } from "../../../http/json-reply.ts";
import type { Reply } from "../../../http/reply.ts";
import type { RequestContext, Route } from "../../../http/route.ts";
import { runChat } from "../../../services/run-chat.ts";
import { requireEnd } from "../../require-end.ts";
import { type SseEvent, sseReply } from "../../sse-reply.ts";
import { understand } from "../../understand.ts";
import { newNumberedId } from "../ids.ts";
import { type ResponseHead, toResponse, toResponseEvents } from "./from-chat-events.ts";
import { ResponseStore } from "./response-store.ts";
import { type ResponsesRequest, responsesSchema } from "./schema.ts";
import { toChatSettings } from "./to-chat-settings.ts";
import { toInputMessages } from "./to-messages.ts";

export function responsesRoutes(dependencies: Dependencies): Route[] {
  const responses = new ResponseStore();
  const route = { path: "/v1/responses/:id", verb: "infer", family: "openai" } as const;
  return [
    {
      method: "POST",
      path: "/v1/responses",
      verb: "infer",
      family: "openai",
      handle: (context) => respond(dependencies, responses, context),
    },
    {
      ...route,
      method: "GET",
      handle: (context) => jsonLineReply(find(responses, context.params["id"] ?? "").response),
    },
    {
      ...route,
      method: "DELETE",
      handle(context) {
        const id = context.params["id"] ?? "";
        find(responses, id);
        responses.delete(id);
        return jsonLineReply({ id, object: "response", deleted: true });
      },
    },
  ];
}

async function respond(
  dependencies: Dependencies,
  responses: ResponseStore,
  context: RequestContext,
): Promise<Reply> {
  const understood = await understand(context, "openai", responsesSchema, (request) => {
    const messages = [...earlierMessages(responses, request), ...toInputMessages(request.input)];
    return { request, messages, settings: toChatSettings(request, messages, context.warn) };
  });
  if (!understood.ok) return understood.reply;
  const { request, messages, settings } = understood.value;
  context.requireModelAccess(settings.model);
  const now = () => Math.trunc(dependencies.now() / 1000);
  const head: ResponseHead = {
    request,
    id: newNumberedId("resp"),
    createdAt: now(),
    now,
    onComplete(response, { content, thinking, toolCalls }) {
      if (request.store === false) return;
      const answer: Message = {
        role: "assistant",
        content,
        ...(thinking !== "" && { thinking }),
        ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
      };
      responses.put(response.id, { response, messages: [...messages, answer] });
    },
  };
  const events = runChat(dependencies, settings, context);
  if (request.stream !== true) return jsonLineReply(await toResponse(head, events));
  return sseReply(context, toSse(toResponseEvents(head, requireEnd(events))), {
    family: "openai",
    errorEvent: "error",
    noCache: true,
  });
}

async function* toSse(events: AsyncIterable<{ readonly type: string }>): AsyncGenerator<SseEvent> {
  for await (const event of events) yield { event: event.type, data: event };
}

function earlierMessages(responses: ResponseStore, request: ResponsesRequest): readonly Message[] {
  const id = request.previous_response_id;
  return id === undefined ? [] : find(responses, id).messages;
}

function find(responses: ResponseStore, id: string) {
  const stored = responses.get(id);
  if (stored === undefined) throw new ApiError("NOT_FOUND", `Response with id '${id}' not found.`);
  return stored;
}
