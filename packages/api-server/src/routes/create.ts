import { createRequestSchema } from "@puna/protocol/schemas";
import type { Dependencies } from "../dependencies.ts";
import { readRequest } from "../http/read-request.ts";
import type { Route } from "../http/route.ts";
import { checkCreate, createModel } from "../services/create-model.ts";
import { progressReply } from "./progress-reply.ts";

export function createRoute(dependencies: Dependencies): Route {
  return {
    method: "POST",
    path: "/api/create",
    verb: "manage",
    family: "ollama",
    async handle(context) {
      const request = await readRequest(context, createRequestSchema);
      const name = checkCreate(request);
      context.requireModelAccess(name.toShortString());
      const steps = createModel(dependencies, name, request, context.signal);
      return progressReply(context, steps, request.stream ?? true);
    },
  };
}
