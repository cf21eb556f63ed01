import { parseKeepAlive } from "@puna/protocol";
import { generateRequestSchema } from "@puna/protocol/schemas";
import type { Dependencies } from "../dependencies.ts";
import { readRequest } from "../http/read-request.ts";
import type { Route } from "../http/route.ts";
import { runGenerate } from "../services/run-generate.ts";
import { generateFraming } from "./generation-frames.ts";
import { generationReply } from "./generation-reply.ts";
import { toSettings } from "./to-settings.ts";

export function generateRoute(dependencies: Dependencies): Route {
  return {
    method: "POST",
    path: "/api/generate",
    verb: "infer",
    family: "ollama",
    async handle(context) {
      const request = await readRequest(context, generateRequestSchema);
      context.requireModelAccess(request.model);
      const settings = {
        ...toSettings(request),
        keepAliveMs: parseKeepAlive(request.keep_alive),
        prompt: request.prompt,
        suffix: request.suffix,
        system: request.system,
        template: request.template,
        context: request.context,
        raw: request.raw,
        images: request.images,
      };
      const framing = generateFraming({ model: request.model, now: dependencies.now });
      const events = runGenerate(dependencies, settings, context);
      return generationReply(context, events, framing, request.stream ?? true);
    },
  };
}
