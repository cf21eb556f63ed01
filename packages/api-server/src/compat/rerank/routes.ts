import { randomUUID } from "node:crypto";
import * as z from "zod";
import type { Dependencies } from "../../dependencies.ts";
import { badRequest } from "../../errors.ts";
import { jsonLineReply } from "../../http/json-reply.ts";
import type { Route } from "../../http/route.ts";
import { rerank } from "../../services/rerank.ts";
import { integer, optional } from "../fields.ts";
import { understand } from "../understand.ts";

const documentSchema = z.union([z.string(), z.looseObject({ text: optional(z.string()) })]);

export const rerankSchema = z.object({
  model: optional(z.string()),
  query: optional(z.string()),
  documents: optional(z.array(documentSchema).max(10_000, "must be 10000 or fewer")),
  top_n: optional(integer(1)),
  return_documents: optional(z.boolean()),
  max_tokens_per_doc: optional(integer(1)),
  /** Cohere's newer clients say with which weight a request counts; here all count alike. */
  priority: z.unknown().exactOptional(),
});
type RerankRequest = z.output<typeof rerankSchema>;

/** Jina's shape (`/v1/rerank`, also known from llama.cpp) and Cohere's (`/v2/rerank`, and its older `/v1`). */
export function rerankRoutes(dependencies: Dependencies): Route[] {
  return [rerankRoute(dependencies, "/v1/rerank", toJina), rerankRoute(dependencies, "/v2/rerank", toCohere)];
}

interface Ranking {
  readonly request: RerankRequest;
  readonly results: readonly { readonly index: number; readonly score: number; readonly text: string }[];
  readonly tokens: number;
}

function rerankRoute(dependencies: Dependencies, path: string, toReply: (ranking: Ranking) => object): Route {
  return {
    method: "POST",
    path,
    verb: "embed",
    family: "openai",
    async handle(context) {
      const understood = await understand(context, "openai", rerankSchema, (request) => {
        if (request.query === undefined) throw badRequest("query is required");
        if (request.documents === undefined || request.documents.length === 0)
          throw badRequest("documents is required");
        return request;
      });
      if (!understood.ok) return understood.reply;
      const request = understood.value;
      const { model = "", query = "", documents = [] } = request;
      context.requireModelAccess(model);
      const texts = documents.map((document) =>
        typeof document === "string" ? document : (document.text ?? ""),
      );
      const { scores, tokens } = await rerank(dependencies, { model, query, documents: texts }, context);
      const results = scores
        .map((score, index) => ({ index, score, text: texts[index] ?? "" }))
        .sort((left, right) => right.score - left.score)
        .slice(0, request.top_n ?? texts.length);
      return jsonLineReply(toReply({ request, results, tokens }));
    },
  };
}

function toJina({ request, results, tokens }: Ranking): object {
  return {
    object: "list",
    model: request.model ?? "",
    results: results.map(({ index, score, text }) => ({
      index,
      relevance_score: score,
      ...(request.return_documents === true && { document: { text } }),
    })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

function toCohere({ request, results }: Ranking): object {
  return {
    id: randomUUID(),
    results: results.map(({ index, score, text }) => ({
      index,
      relevance_score: score,
      ...(request.return_documents === true && { document: { text } }),
    })),
    meta: { api_version: { version: "2" }, billed_units: { search_units: 1 } },
  };
}
