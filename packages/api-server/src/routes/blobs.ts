import { type Store, StoreError } from "@puna/blob-store";
import { quoteGo, tryParseDigest } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";
import { type ApiError, badRequest, notFound } from "../errors.ts";
import { emptyReply } from "../http/json-reply.ts";
import type { RequestContext, Route } from "../http/route.ts";
import { unstalled } from "../http/unstalled.ts";

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
      if (text !== digest || !(await keepForCreate(store, digest, context.signal)))
        throw notFound(`blob ${quoteGo(text)} not found`);
      return emptyReply();
    },
    async handle(context) {
      const { given, text, digest } = digestOf(context);
      if (text === digest && (await keepForCreate(store, digest, context.signal))) return emptyReply();
      const body = context.request.body();
      const source = body === undefined ? emptyStream() : unstalled(body);
      try {
        if (given === digest) {
          await store.reserve(digest, context.signal);
          await store.blobs.putStream(source, { expectedDigest: digest, signal: context.signal });
        } else {
          // Another spelling of the digest equals no digest, as in Ollama; what came is kept under its own name.
          const got = await store.blobs.putStream(source, { signal: context.signal });
          throw mismatch(given, got.digest);
        }
      } catch (error) {
        if (!StoreError.is(error) || error.code !== "DIGEST_MISMATCH") throw error;
        throw mismatch(given, String(error.details["got"] ?? ""), error);
      }
      return emptyReply(201);
    },
  };
}

/** Looks again after the blob is safe from prunes: one may have taken it in between. */
async function keepForCreate(store: Store, digest: string, signal: AbortSignal): Promise<boolean> {
  if (!(await store.blobs.has(digest))) return false;
  await store.reserve(digest, signal);
  return await store.blobs.has(digest);
}

function mismatch(expected: string, got: string, cause?: unknown): ApiError {
  const [wanted, found] = [expected, got].map(quoteGo);
  return badRequest(`digest mismatch, expected ${wanted}, got ${found}`, cause);
}

/** `sha256-…` names the same blob as `sha256:…`; hex digits in upper case name none. */
function digestOf(context: RequestContext): { given: string; text: string; digest: string } {
  const given = context.params["digest"] ?? "";
  const digest = tryParseDigest(given);
  if (digest === undefined) throw badRequest("invalid digest format");
  return { given, text: given.replace(/^sha256-/, "sha256:"), digest };
}

async function* emptyStream(): AsyncGenerator<Uint8Array> {}
