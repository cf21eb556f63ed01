import { parseKeepAlive } from "@puna/protocol";
import { chatRequestSchema } from "@puna/protocol/schemas";
import type { Dependencies } from "../dependencies.ts";
import { readRequest } from "../http/read-request.ts";
import type { Route } from "../http/route.ts";
import { runChat } from "../services/run-chat.ts";
import { chatFraming } from "./generation-frames.ts";
import { generationReply } from "./generation-reply.ts";
import { toSettings } from "./to-settings.ts";

export function chatRoute(dependencies: Dependencies): Route {
  return {
    method: "POST",
    path: "/api/chat",
    verb: "infer",
    family: "ollama",
    async handle(context) {
      const request = await readRequest(context, chatRequestSchema);
      context.requireModelAccess(request.model);
      const settings = {
        ...toSettings(request),
        keepAliveMs: parseKeepAlive(request.keep_alive),
        messages: request.messages ?? [],
        tools: request.tools,
      };
      const framing = chatFraming({ model: request.model, now: dependencies.now });
      return generationReply(
        context,
        runChat(dependencies, settings, context),
        framing,
        request.stream ?? true,
      );
    },
  };
}
