import { StoreError } from "@puna/blob-store";
import { ModelName } from "@puna/protocol";
import * as z from "zod";
import type { Dependencies } from "../dependencies.ts";
import { badRequest } from "../errors.ts";
import { jsonResponse } from "../http/json-response.ts";
import { readRequest } from "../http/read-request.ts";
import type { Route } from "../http/route.ts";
import { findName } from "../models/find-model.ts";
import { requireModel } from "../services/generation-checks.ts";

export const exportSchema = z.object({ model: z.string() });

/** Models out of the store and into it, as one file each: a tar of the OCI image layout. */
export function archiveRoutes({ store }: Dependencies): Route[] {
  return [
    {
      method: "POST",
      path: "/api/puna/store/export",
      verb: "manage",
      family: "ollama",
      async handle(context) {
        const { model } = await readRequest(context, exportSchema);
        context.requireModelAccess(model);
        const name = await findName(store, ModelName.parseValid(model));
        const stored = requireModel(name && (await store.manifests.read(name)), model);
        return new Response(ReadableStream.from(store.exportModel(stored.name)), {
          headers: { "Content-Type": "application/x-tar" },
        });
      },
    },
    {
      method: "POST",
      path: "/api/puna/store/import",
      verb: "manage",
      family: "ollama",
      async handle(context) {
        const { body, url } = context.request;
        if (body === null) throw badRequest("an archive is required as the body");
        const wanted = new URL(url).searchParams.get("model");
        const name = wanted === null ? undefined : ModelName.parseValid(wanted);
        if (name !== undefined) context.requireModelAccess(name.toShortString());
        try {
          const stored = await store.importArchive(body, name);
          const { name: given } = stored;
          return jsonResponse({
            model: ModelName.parse(
              `${given.host}/${given.namespace}/${given.model}:${given.tag}`,
            ).toShortString(),
            digest: stored.digest,
          });
        } catch (error) {
          if (!StoreError.is(error) || !faults.has(error.code)) throw error;
          throw badRequest(error.message, error);
        }
      },
    },
  ];
}

/** What a wrong archive fails with. */
const faults: ReadonlySet<string> = new Set([
  "ARCHIVE_INVALID",
  "BLOB_NOT_FOUND",
  "DIGEST_MISMATCH",
  "INVALID_NAME",
  "MANIFEST_INVALID",
  "SIZE_MISMATCH",
]);
