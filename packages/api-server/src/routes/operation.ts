import type { Dependencies } from "../dependencies.ts";
import { contentTypes, jsonResponse } from "../http/json-response.ts";
import type { Route } from "../http/route.ts";
import { describeApi } from "../openapi/describe-api.ts";

/** What those who run the server ask: is it alive, is it ready, how is it doing, what does it offer. */
export function operationRoutes(
  dependencies: Dependencies,
  version: string,
  routes: readonly Route[],
): Route[] {
  const { metrics, store } = dependencies;
  const get = (path: string, verb: Route["verb"], handle: Route["handle"]): Route => ({
    method: "GET",
    path,
    withHead: true,
    verb,
    family: "ollama",
    handle,
  });
  let description: object | undefined;
  const own: Route[] = [
    get("/health", "open", () => jsonResponse({ status: "ok" })),
    get("/ready", "open", async () => {
      await store.manifests.list();
      return jsonResponse({ status: "ready" });
    }),
    get("/metrics", "admin", async () => {
      return new Response(await metrics.print(), { headers: { "Content-Type": metrics.contentType } });
    }),
    get("/openapi.json", "open", () => {
      description ??= describeApi([...routes, ...own], version);
      return jsonResponse(description, 200, contentTypes.json);
    }),
  ];
  return own;
}
