import type { ModelConfig } from "@puna/blob-store";
import type { ModelReference } from "@puna/protocol";
import { badRequest } from "../errors.ts";

const cloudHost = "https://ollama.com:443";

/**
 * The config of a model that is only a name for one elsewhere; this server never calls it.
 * @param host  as `remote_host` has it; empty: the cloud, if the reference asks for it
 * @returns undefined when the reference means a model of this store
 * @throws ApiError `BAD_REQUEST` for a host that is none
 * @source ollama server/create.go
 */
export function remoteConfig(reference: ModelReference, host: string): Partial<ModelConfig> | undefined {
  if (host === "" && reference.source !== "cloud") return undefined;
  return { remote_model: reference.base, remote_host: host === "" ? cloudHost : toUrl(host) };
}

/** Go's defaults: HTTP, this machine, Ollama's port; a path is kept. */
function toUrl(host: string): string {
  if (host === "ollama.com" || host === "http://ollama.com") return cloudHost;
  if (host.startsWith("/")) return `http://localhost:11434${host}`;
  const text = host.includes("://") ? host : `http://${host}`;
  const parts = /^(\w+):\/\/([^/?#]*)([^?#]*)/.exec(text);
  if (parts === null || !URL.canParse(text)) throw badRequest("bad remote");
  const [, scheme = "http", authority = "", path = ""] = parts;
  const withPort = /:\d+$/.test(authority) ? authority : `${authority || "localhost"}:11434`;
  return `${scheme}://${withPort}${path === "/" ? "" : path}`;
}
