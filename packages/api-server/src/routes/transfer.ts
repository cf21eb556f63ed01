import { ModelName, parsePullName } from "@puna/protocol";
import { pullRequestSchema, pushRequestSchema } from "@puna/protocol/schemas";
import type { Dependencies } from "../dependencies.ts";
import { badRequest } from "../errors.ts";
import { readRequest } from "../http/read-request.ts";
import type { Route } from "../http/route.ts";
import { pullModel, pushModel } from "../services/transfer-model.ts";
import { progressReply } from "./progress-reply.ts";

export function pullRoute(dependencies: Dependencies): Route {
  return {
    method: "POST",
    path: "/api/pull",
    verb: "manage",
    family: "ollama",
    async handle(context) {
      const request = await readRequest(context, pullRequestSchema);
      const model = request.model || request.name;
      context.requireModelAccess(model);
      const settings = { insecure: request.insecure ?? false, signal: context.signal };
      const steps = pullModel(dependencies, parsePullName(model), settings);
      return progressReply(context, steps, request.stream ?? true);
    },
  };
}

export function pushRoute(dependencies: Dependencies): Route {
  return {
    method: "POST",
    path: "/api/push",
    verb: "manage",
    family: "ollama",
    async handle(context) {
      const request = await readRequest(context, pushRequestSchema);
      const model = request.model || request.name;
      if (model === "") throw badRequest("model is required");
      context.requireModelAccess(model);
      const settings = { insecure: request.insecure ?? false, signal: context.signal };
      const steps = pushModel(dependencies, ModelName.parse(model), settings);
      return progressReply(context, steps, request.stream ?? true);
    },
  };
}
