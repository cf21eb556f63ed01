import { type EmbedResponse, parseKeepAlive } from "@puna/protocol";
import { embeddingsRequestSchema, embedRequestSchema } from "@puna/protocol/schemas";
import type { Dependencies } from "../dependencies.ts";
import { badRequest } from "../errors.ts";
import { jsonReply } from "../http/json-reply.ts";
import { readRequest } from "../http/read-request.ts";
import type { Route } from "../http/route.ts";
import { embed, embedRaw } from "../services/embed.ts";

export function embedRoute(dependencies: Dependencies): Route {
  return {
    method: "POST",
    path: "/api/embed",
    verb: "embed",
    family: "ollama",
    async handle(context) {
      const { keep_alive: keepAlive, ...request } = await readRequest(context, embedRequestSchema);
      context.requireModelAccess(request.model);
      const settings = { ...request, input: request.input, keepAliveMs: parseKeepAlive(keepAlive) };
      const { vectors, promptTokens, totalMs, loadMs } = await embed(dependencies, settings, context);
      const response: EmbedResponse = { model: request.model, embeddings: vectors };
      if (vectors.length === 0) return jsonReply(response);
      return jsonReply({
        ...response,
        total_duration: nanoseconds(totalMs),
        load_duration: nanoseconds(loadMs),
        prompt_eval_count: promptTokens,
      });
    },
  };
}

/** The old form: one text, the engine's own vector. */
export function embeddingsRoute(dependencies: Dependencies): Route {
  return {
    method: "POST",
    path: "/api/embeddings",
    verb: "embed",
    family: "ollama",
    async handle(context) {
      const request = await readRequest(context, embeddingsRequestSchema);
      if (request.model.trim() === "") throw badRequest("model is required");
      context.requireModelAccess(request.model);
      const { model, prompt, options } = request;
      const keepAliveMs = parseKeepAlive(request.keep_alive);
      const embedding = await embedRaw(dependencies, { model, prompt, options, keepAliveMs }, context);
      return jsonReply({ embedding });
    },
  };
}

/** At least one, because zero would mean "not measured". */
function nanoseconds(ms: number): number {
  return Math.max(1, Math.round(ms * 1_000_000));
}
