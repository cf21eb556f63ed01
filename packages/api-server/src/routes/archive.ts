import { StoreError } from "@puna/blob-store";
import { ModelName, type ProgressResponse } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";
import { badRequest } from "../errors.ts";
import { byteStream } from "../http/reply.ts";
import type { RequestContext, Route } from "../http/route.ts";
import { unstalled } from "../http/unstalled.ts";
import { requireModel } from "../services/generation-checks.ts";
import { progressReply } from "./progress-reply.ts";

/** Models out of the store and into it, as one file each: a tar of the OCI image layout. */
export function archiveRoutes({ store }: Dependencies): Route[] {
  const base = { verb: "manage", family: "ollama" } as const;
  return [
    {
      ...base,
      method: "GET",
      path: "/api/puna/store/export",
      async handle(context) {
        const model = modelOf(context);
        if (model === undefined) throw badRequest("the query must name a model");
        context.requireModelAccess(model.toShortString());
        const stored = requireModel(await store.manifests.find(model), model.toShortString());
        return {
          status: 200,
          headers: { "Content-Type": "application/x-tar" },
          body: byteStream(store.exportModel(stored.name)),
        };
      },
    },
    {
      ...base,
      method: "POST",
      path: "/api/puna/store/import",
      async handle(context) {
        const body = context.request.body();
        if (body === undefined) throw badRequest("an archive is required as the body");
        const name = modelOf(context);
        if (name !== undefined) context.requireModelAccess(name.toShortString());
        return progressReply(context, importModel(store, unstalled(body), name), true);
      },
    },
  ];
}

async function* importModel(
  store: Dependencies["store"],
  archive: AsyncIterable<Uint8Array>,
  name: ModelName | undefined,
): AsyncGenerator<ProgressResponse> {
  try {
    const stored = await store.importArchive(archive, name);
    yield { status: `imported ${new ModelName(stored.name).toShortString()}`, digest: stored.digest };
  } catch (error) {
    if (!StoreError.is(error) || !faults.has(error.code)) throw error;
    throw badRequest(error.message, error);
  }
  yield { status: "success" };
}

function modelOf({ request }: RequestContext): ModelName | undefined {
  const model = new URLSearchParams(request.search).get("model");
  return model === null ? undefined : ModelName.parseValid(model);
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
