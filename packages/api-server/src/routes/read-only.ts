import type { Dependencies } from "../dependencies.ts";
import { contentTypes, jsonReply } from "../http/json-reply.ts";
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
      () => ({
        status: 200,
        headers: { "Content-Type": "text/plain; charset=utf-8" },
        body: "Ollama is running",
      }),
      {
        withHead: true,
      },
    ),
    get("/api/version", () => jsonReply({ version: ollamaVersion, puna: version }), { withHead: true }),
    get("/api/tags", async () => jsonReply({ models: await listModels(dependencies) }), {
      withHead: true,
      verb: "infer",
    }),
    get("/api/ps", async () => jsonReply({ models: await listRunning(dependencies) }), { verb: "infer" }),
    get("/api/status", () => {
      const source = dependencies.settings.cloudSwitch;
      return jsonReply({ cloud: { disabled: source !== "none", source } }, 200, contentTypes.json);
    }),
  ];
}
