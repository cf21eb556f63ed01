import { ModelName, quoteGo } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";
import { badRequest, notFound } from "../errors.ts";
import { findName } from "../models/find-model.ts";

/** Gives a model a second name. @throws ApiError `BAD_REQUEST`, `NOT_FOUND` */
export async function copyModel({ store }: Dependencies, source: string, destination: string): Promise<void> {
  const from = ModelName.parse(source);
  if (!from.isValid()) throw badRequest(`source ${quoteGo(source)} is invalid`);
  const to = ModelName.parse(destination);
  if (!to.isValid()) throw badRequest(`destination ${quoteGo(destination)} is invalid`);
  const existing = await findName(store, from);
  if (existing === undefined) throw notFound(`model ${quoteGo(source)} not found`);
  await store.manifests.copy(existing, (await findName(store, to)) ?? to);
}
