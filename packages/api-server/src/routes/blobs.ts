import { StoreError } from "@puna/blob-store";
import { tryParseDigest } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";
import { badRequest, notFound } from "../errors.ts";
import { emptyResponse } from "../http/json-response.ts";
import type { RequestContext, Route } from "../http/route.ts";

/** Whether a blob is there, and its upload; `create` refers to it then. */
export function blobRoute(dependencies: Dependencies): Route {
  const { store } = dependencies;
  return {
    method: "POST",
    path: "/api/blobs/:digest",
    verb: "manage",
    family: "ollama",
    async head(context) {
      const { text, digest } = digestOf(context);
      if (text !== digest || !(await store.blobs.has(digest)))
        throw notFound(`blob ${JSON.stringify(text)} not found`);
      return emptyResponse();
    },
    async handle(context) {
      const { text, digest } = digestOf(context);
      if (text === digest && (await store.blobs.has(digest))) return emptyResponse();
      try {
        await store.blobs.putStream(context.request.body ?? emptyStream(), {
          // An upper-case digest equals no digest, as in Ollama.
          expectedDigest: digest,
          signal: context.signal,
        });
      } catch (error) {
        if (!StoreError.is(error) || error.code !== "DIGEST_MISMATCH") throw error;
        throw badRequest(
          `digest mismatch, expected ${JSON.stringify(text)}, got ${JSON.stringify(error.details["got"] ?? "")}`,
          error,
        );
      }
      return emptyResponse(201);
    },
  };
}

/** `sha256-…` names the same blob as `sha256:…`; hex digits in upper case name none. */
function digestOf(context: RequestContext): { text: string; digest: string } {
  const given = context.params["digest"] ?? "";
  const digest = tryParseDigest(given);
  if (digest === undefined) throw badRequest("invalid digest format");
  return { text: given.replace(/^sha256-/, "sha256:"), digest };
}

async function* emptyStream(): AsyncGenerator<Uint8Array> {}
