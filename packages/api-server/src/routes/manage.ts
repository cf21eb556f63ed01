import { copyRequestSchema, deleteRequestSchema } from "@puna/protocol/schemas";
import type { Dependencies } from "../dependencies.ts";
import { emptyReply } from "../http/json-reply.ts";
import { readRequest } from "../http/read-request.ts";
import type { Route } from "../http/route.ts";
import { copyModel } from "../services/copy-model.ts";
import { deleteModel } from "../services/delete-model.ts";

export function copyRoute(dependencies: Dependencies): Route {
  return {
    method: "POST",
    path: "/api/copy",
    verb: "manage",
    family: "ollama",
    async handle(context) {
      const { source, destination } = await readRequest(context, copyRequestSchema);
      context.requireModelAccess(source);
      context.requireModelAccess(destination);
      await copyModel(dependencies, source, destination);
      return emptyReply();
    },
  };
}

export function deleteRoute(dependencies: Dependencies): Route {
  return {
    method: "DELETE",
    path: "/api/delete",
    verb: "manage",
    family: "ollama",
    async handle(context) {
      const request = await readRequest(context, deleteRequestSchema);
      const model = request.model || request.name;
      context.requireModelAccess(model);
      await deleteModel(dependencies, model);
      return emptyReply();
    },
  };
}
