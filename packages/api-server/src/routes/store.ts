import * as z from "zod";
import { integer, optional } from "../compat/fields.ts";
import type { Dependencies } from "../dependencies.ts";
import { jsonResponse } from "../http/json-response.ts";
import { readRequest } from "../http/read-request.ts";
import type { Route } from "../http/route.ts";
import { measureStore } from "../services/measure-store.ts";
import { verifyStore } from "../services/verify-store.ts";
import { ndjsonResponse } from "./native-reply.ts";

export const pruneSchema = z.object({
  /** Only tell what would go. */
  dry_run: optional(z.boolean()),
  /** Leave files that changed within this many seconds; default one hour. */
  min_age_seconds: optional(integer.min(0)),
});

export const verifySchema = z.object({
  /** Fetch what is corrupt or missing again. */
  repair: optional(z.boolean()),
  /** Plain HTTP is allowed. */
  insecure: optional(z.boolean()),
});

/** Care of the store, and a look into the engine; Ollama has none of these. */
export function storeRoutes(dependencies: Dependencies): Route[] {
  const { store, engine, loadedBlobs } = dependencies;
  const base = { verb: "manage", family: "ollama" } as const;
  return [
    {
      ...base,
      method: "GET",
      path: "/api/puna/store/df",
      handle: async () => jsonResponse(await measureStore(dependencies)),
    },
    {
      ...base,
      method: "POST",
      path: "/api/puna/store/prune",
      async handle(context) {
        const request = await readRequest(context, pruneSchema);
        const options =
          request.min_age_seconds === undefined ? {} : { minAgeMs: request.min_age_seconds * 1000 };
        await loadedBlobs.sweep();
        const plan = request.dry_run === true ? await store.planPrune(options) : await store.prune(options);
        return jsonResponse({
          removed: plan.remove.map(({ kind, sizeBytes, path }) => ({ kind, size: sizeBytes, path })),
          freed: plan.freedBytes,
          kept: plan.kept.length,
          dry_run: request.dry_run ?? false,
        });
      },
    },
    {
      ...base,
      method: "POST",
      path: "/api/puna/store/verify",
      async handle(context) {
        const { repair = false, insecure = false } = await readRequest(context, verifySchema);
        return ndjsonResponse(
          context,
          verifyStore(dependencies, { repair, insecure, signal: context.signal }),
        );
      },
    },
    {
      ...base,
      method: "GET",
      path: "/api/puna/slots",
      handle: () =>
        jsonResponse({
          models: engine.loaded().map((info) => ({
            name: info.label ?? "",
            driver: info.driver,
            pid: info.pid ?? null,
            slots: info.parallel,
            busy: info.activeRequests,
            context_length: info.contextTokens,
            size: info.sizeBytes,
            size_vram: info.vramBytes,
          })),
        }),
    },
  ];
}
