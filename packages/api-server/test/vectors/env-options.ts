import { parseKeepAliveSetting } from "@puna/protocol";
import type { ServerOptions } from "../../src/index.ts";
import type { ScriptEngine } from "./script-engine.ts";

/** The settings that a recorded environment stands for; reading the environment is the application's work. */
export function envOptions(env: Readonly<Record<string, string>>): {
  readonly server: Partial<ServerOptions>;
  readonly engine: ConstructorParameters<typeof ScriptEngine>[0];
} {
  const context = Number(env["OLLAMA_CONTEXT_LENGTH"]);
  const maxLoaded = Number(env["OLLAMA_MAX_LOADED_MODELS"]);
  const origins = env["OLLAMA_ORIGINS"];
  const keepAlive = env["OLLAMA_KEEP_ALIVE"];
  const noCloud = env["OLLAMA_NO_CLOUD"];
  const address = env["OLLAMA_HOST"]?.replace(/:\d+$/, "");
  const goTemplate = env["OLLAMA_GO_TEMPLATE"];
  return {
    server: {
      ...(context > 0 && { contextLength: context }),
      ...(origins !== undefined && { allowedOrigins: origins.split(",") }),
      ...(keepAlive !== undefined && { keepAliveMs: parseKeepAliveSetting(keepAlive) }),
      ...(noCloud !== undefined && { cloudSwitch: "env" as const }),
      ...(address !== undefined && {
        bind: { address, hostname: "this-machine" },
        allowUnauthenticated: true,
      }),
      ...(goTemplate !== undefined && { goTemplates: goTemplate !== "0" }),
    },
    engine: { ...(maxLoaded > 0 && { maxLoadedModels: maxLoaded }) },
  };
}
