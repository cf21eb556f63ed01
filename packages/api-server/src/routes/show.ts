import { showRequestSchema } from "@puna/protocol/schemas";
import type { Dependencies } from "../dependencies.ts";
import { jsonReply } from "../http/json-reply.ts";
import { readRequest } from "../http/read-request.ts";
import type { Route } from "../http/route.ts";
import { showModel } from "../services/show-model.ts";

/** Its chat client shows this key as the model's name. @source ollama server/routes.go ShowHandler */
const echoesName = /^GitHubCopilotChat\//;

export function showRoute(dependencies: Dependencies): Route {
  return {
    method: "POST",
    path: "/api/show",
    verb: "infer",
    family: "ollama",
    async handle(context) {
      const request = await readRequest(context, showRequestSchema);
      const model = request.model || request.name;
      context.requireModelAccess(model);
      const shown = await showModel(dependencies, {
        model,
        system: request.system,
        options: request.options ?? {},
        verbose: request.verbose ?? false,
      });
      if (!echoesName.test(context.request.header("user-agent") ?? "")) return jsonReply(shown);
      return jsonReply({ ...shown, model_info: { ...shown.model_info, "general.basename": model } });
    },
  };
}
