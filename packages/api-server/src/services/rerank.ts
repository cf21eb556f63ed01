import type { Dependencies } from "../dependencies.ts";
import { badRequest } from "../errors.ts";
import { findModel } from "../models/find-model.ts";
import { requireModel } from "./generation-checks.ts";
import type { RequestScope } from "./generation-request.ts";
import { leaseModel } from "./lease-model.ts";
import { readOptions } from "./read-options.ts";

export interface RerankSettings {
  readonly model: string;
  readonly query: string;
  readonly documents: readonly string[];
}

/** How well each document answers the query, 0 to 1, in the order of the documents. */
export async function rerank(
  dependencies: Dependencies,
  { model, query, documents }: RerankSettings,
  scope: RequestScope,
): Promise<{ readonly scores: readonly number[]; readonly tokens: number }> {
  if (model === "") throw badRequest("model is required");
  const { stored } = await findModel(dependencies.store, model);
  const known = await dependencies.catalog.know(requireModel(stored, model));
  const options = readOptions(known.model.parameters, undefined, scope.warn);
  await using lease = await leaseModel(dependencies, known, {
    keepAliveMs: undefined,
    options,
    scope,
    embedding: true,
    priority: "batch",
  });
  const ranked = await lease.rank(query, documents, scope.signal);
  return {
    scores: ranked.map(({ score }) => sigmoid(score)),
    tokens: ranked.reduce((sum, { tokens }) => sum + tokens, 0),
  };
}

/** Rank heads give logits; both APIs promise a number between 0 and 1. */
function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
