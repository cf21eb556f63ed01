import type { Dependencies } from "../dependencies.ts";
import { contentTypes, jsonResponse } from "../http/json-response.ts";
import type { Route } from "../http/route.ts";
import { listModels } from "../services/list-models.ts";
import { listRunning } from "../services/list-running.ts";
import { ollamaVersion } from "../version.ts";

/** Routes that only tell: who is there, which models there are, which are loaded. */
export function readOnlyRoutes(dependencies: Dependencies, version: string): Route[] {
  const get = (path: string, handle: Route["handle"], rest: Partial<Route> = {}): Route => ({
    method: "GET",
    path,
    verb: "open",
    family: "ollama",
    handle,
    ...rest,
  });
  return [
    get(
      "/",
      () => new Response("Ollama is running", { headers: { "Content-Type": "text/plain; charset=utf-8" } }),
      {
        withHead: true,
      },
    ),
    get("/api/version", () => jsonResponse({ version: ollamaVersion, puna: version }), { withHead: true }),
    get("/api/tags", async () => jsonResponse({ models: await listModels(dependencies) }), {
      withHead: true,
      verb: "infer",
    }),
    get("/api/ps", async () => jsonResponse({ models: await listRunning(dependencies) }), { verb: "infer" }),
    get("/api/status", () => {
      const source = dependencies.settings.cloudSwitch;
      return jsonResponse({ cloud: { disabled: source !== "none", source } }, 200, contentTypes.json);
    }),
  ];
}
