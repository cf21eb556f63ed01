import type { PruneResult, SlotsResponse } from "@puna/protocol";
import { pruneRequestSchema, verifyRequestSchema } from "@puna/protocol/schemas";
import type { Dependencies } from "../dependencies.ts";
import { jsonReply } from "../http/json-reply.ts";
import { readRequest } from "../http/read-request.ts";
import type { Route } from "../http/route.ts";
import { listDevices } from "../services/list-devices.ts";
import { measureStore } from "../services/measure-store.ts";
import { verifyStore } from "../services/verify-store.ts";
import { ndjsonReply } from "./native-reply.ts";

/** Care of the store, and a look into the engine; Ollama has none of these. */
export function storeRoutes(dependencies: Dependencies): Route[] {
  const { store, loadedBlobs } = dependencies;
  const base = { verb: "manage", family: "ollama" } as const;
  return [
    {
      ...base,
      method: "GET",
      path: "/api/puna/store/df",
      handle: async () => jsonReply(await measureStore(dependencies)),
    },
    {
      ...base,
      method: "POST",
      path: "/api/puna/store/prune",
      async handle(context) {
        const request = await readRequest(context, pruneRequestSchema);
        const options =
          request.min_age_seconds === undefined ? {} : { minAgeMs: request.min_age_seconds * 1000 };
        await loadedBlobs.sweep();
        const plan = request.dry_run === true ? await store.planPrune(options) : await store.prune(options);
        const result: PruneResult = {
          removed: plan.remove.map(({ kind, sizeBytes, path }) => ({ kind, size: sizeBytes, path })),
          freed: plan.freedBytes,
          kept: plan.kept.length,
          dry_run: request.dry_run ?? false,
        };
        return jsonReply(result);
      },
    },
    {
      ...base,
      method: "POST",
      path: "/api/puna/store/verify",
      async handle(context) {
        const { repair = false, insecure = false } = await readRequest(context, verifyRequestSchema);
        return ndjsonReply(context, verifyStore(dependencies, { repair, insecure, signal: context.signal }));
      },
    },
    {
      ...base,
      method: "GET",
      path: "/api/puna/slots",
      handle: () => jsonReply(slotsOf(dependencies)),
    },
    {
      ...base,
      method: "GET",
      path: "/api/puna/devices",
      handle: async () => jsonReply(await listDevices(dependencies)),
    },
  ];
}

function slotsOf({ engine }: Dependencies): SlotsResponse {
  return {
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
  };
}
