import type { Dependencies } from "../dependencies.ts";
import { contentTypes, jsonReply } from "../http/json-reply.ts";
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
    get("/health", "open", () => jsonReply({ status: "ok" })),
    get("/ready", "open", async () => {
      await store.manifests.list();
      return jsonReply({ status: "ready" });
    }),
    get("/metrics", "admin", async () => {
      return {
        status: 200,
        headers: { "Content-Type": metrics.contentType },
        body: await metrics.print(),
      };
    }),
    get("/openapi.json", "open", () => {
      description ??= describeApi([...routes, ...own], version);
      return jsonReply(description, 200, contentTypes.json);
    }),
  ];
  return own;
}
