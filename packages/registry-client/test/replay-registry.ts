import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Descriptor, Manifest } from "@puna/blob-store";
import { sendBlob } from "../src/testing/loopback-registry.ts";
import { serve } from "./support.ts";

export interface RecordedRequest {
  readonly to?: "registry" | "cdn";
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body_text?: string;
  readonly reply: number;
  readonly reply_headers?: Readonly<Record<string, string>>;
}

export interface RecordedCase {
  readonly id: string;
  readonly calls: readonly {
    readonly request: {
      readonly path: string;
      readonly body: { readonly model: string; readonly insecure?: boolean };
    };
    readonly response: {
      readonly chunks_collapsed?: readonly {
        readonly status?: string;
        readonly error?: string;
        readonly digest?: string;
      }[];
    };
  }[];
  readonly registry_requests: readonly RecordedRequest[];
  readonly served_manifest?: Manifest;
  readonly local_manifest?: Manifest;
}

export interface ReplayRegistry extends AsyncDisposable {
  readonly host: string;
  /** requests in the words of the recording: its digests, without times, nonces and upload states */
  readonly seen: { readonly line: string; readonly isRecorded: boolean }[];
  /** blobs of the recorded sizes, by recorded digest: the recording has no contents */
  readonly stand: ReadonlyMap<string, Buffer>;
  /** the recorded manifest with the digests of the stand-ins */
  manifest(recorded: Manifest): Manifest;
}

/** One line for a request, in which recordings can be compared: volatile parts left out. */
function describeRequest(to: string, method: string, path: string, range: string | undefined): string {
  const url = new URL(path, "http://host");
  for (const key of ["ts", "nonce", "_state", "etag", "sig"]) url.searchParams.delete(key);
  const query = [...url.searchParams].map(([key, value]) => `${key}=${value}`).join("&");
  const place = url.pathname.replace(/\/uploads\/[^/]+$/, "/uploads/<id>");
  return `${to} ${method} ${place}${query === "" ? "" : `?${query}`}${to === "cdn" && range !== undefined ? ` ${range}` : ""}`;
}

/** Answers as the recorded registry did, on two host names; what was not recorded is answered sensibly. */
export async function startReplayRegistry(recorded: RecordedCase): Promise<ReplayRegistry> {
  const manifest = recorded.served_manifest ?? recorded.local_manifest;
  const stand = new Map<string, Buffer>();
  const toOwn = new Map<string, string>();
  for (const { digest, size } of manifest?.layers === undefined
    ? []
    : [...manifest.layers, manifest.config]) {
    const wrongSize = recorded.id === "pull/manifest-wrongsize" && size !== manifest?.config.size;
    const bytes = randomBytes(wrongSize ? size + 1 : size);
    stand.set(digest, bytes);
    toOwn.set(digest, `sha256:${createHash("sha256").update(bytes).digest("hex")}`);
  }
  const toRecorded = new Map([...toOwn].map(([from, to]) => [to, from]));
  const replace = (text: string, map: ReadonlyMap<string, string>) =>
    text.replace(/sha256:[0-9a-f]{64}/g, (digest) => map.get(digest) ?? digest);
  const pending = [...recorded.registry_requests];
  const seen: { line: string; isRecorded: boolean }[] = [];
  const bodyOfError = (status: number): string => {
    for (const { response } of recorded.calls) {
      for (const { error } of response.chunks_collapsed ?? []) {
        const at = error?.indexOf(`${status}: `) ?? -1;
        if (error !== undefined && at >= 0) return error.slice(at + 5);
      }
    }
    return "no";
  };
  const ownManifest = (original: Manifest): Manifest => JSON.parse(replace(JSON.stringify(original), toOwn));

  const handle = (to: "registry" | "cdn") => (request: IncomingMessage, response: ServerResponse) => {
    const path = replace(decodeURIComponent(request.url ?? ""), toRecorded);
    const line = describeRequest(to, request.method ?? "", path, request.headers.range);
    request.resume();
    request.on("end", () => {
      const index = pending.findIndex((candidate) => describeRecorded(candidate) === line);
      const isRecorded = index >= 0;
      // Asked once more often than recorded, a registry would say the same again.
      const again = recorded.registry_requests.find(
        (candidate) => request.method === "GET" && describeRecorded(candidate) === line,
      );
      const found = isRecorded ? pending.splice(index, 1)[0] : again;
      seen.push({ line, isRecorded });
      const status = found?.reply ?? fallbackStatus(request, to);
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(
        found?.reply_headers ?? fallbackHeaders(request, registry.host),
      )) {
        if (name.toLowerCase() !== "content-length" && name.toLowerCase() !== "docker-content-digest")
          headers[name] = place(replace(value, toOwn));
      }
      reply({ request, response, path, status, headers });
    });
  };

  const reply = (exchange: {
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
    readonly path: string;
    readonly status: number;
    readonly headers: Record<string, string>;
  }): void => {
    const { request, response, path, status, headers } = exchange;
    const digest = /sha256:[0-9a-f]{64}/.exec(path)?.[0];
    const isBlob = request.method === "GET" && digest !== undefined;
    if (isBlob && (status === 200 || status === 206)) {
      const bytes =
        recorded.id === "pull/wrong-digest" && digest === manifest?.layers[0]?.digest
          ? randomBytes(stand.get(digest)?.length ?? 0)
          : stand.get(digest);
      if (status === 200) delete request.headers.range;
      sendBlob(request, response, bytes);
      return;
    }
    if (request.method === "HEAD" && digest !== undefined && status === 200) {
      response.writeHead(200, { ...headers, "content-length": stand.get(digest)?.length ?? 0 }).end();
      return;
    }
    response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : bodyFor(path, status));
  };

  const bodyFor = (path: string, status: number): string => {
    if (status >= 300) return status >= 400 ? bodyOfError(status) : "";
    if (path.startsWith("/token"))
      return recorded.id.endsWith("nofield")
        ? "{}"
        : recorded.id.endsWith("notjson")
          ? "hello"
          : '{"token":"tok-1"}';
    if (!path.includes("/manifests/")) return "";
    if (recorded.id === "pull/manifest-empty") return "{}";
    if (recorded.id === "pull/manifest-index")
      return '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';
    return recorded.served_manifest === undefined
      ? ""
      : JSON.stringify(ownManifest(recorded.served_manifest));
  };

  const registryServer = await serve(handle("registry"));
  const cdnServer = await serve(handle("cdn"));
  const hosts: Readonly<Record<string, string>> = {
    "<registry>": `127.0.0.1:${registryServer.port}`,
    "<cdn>": `localhost:${cdnServer.port}`,
    "<cdn-same-hostname>": `127.0.0.1:${cdnServer.port}`,
  };
  const place = (text: string) =>
    text.replace(/<(?:registry|cdn|cdn-same-hostname)>/g, (name) => hosts[name] ?? name);
  const registry: ReplayRegistry = {
    host: hosts["<registry>"] ?? "",
    seen,
    stand,
    manifest: ownManifest,
    async [Symbol.asyncDispose]() {
      await registryServer[Symbol.asyncDispose]();
      await cdnServer[Symbol.asyncDispose]();
    },
  };
  return registry;
}

export function describeRecorded(request: RecordedRequest): string {
  return describeRequest(
    request.to ?? "registry",
    request.method,
    decodeURIComponent(request.path),
    request.headers["Range"],
  );
}

function fallbackStatus(request: IncomingMessage, to: string): number {
  if (request.method === "POST" || request.method === "PATCH") return 202;
  if (request.method === "PUT") return 201;
  return to === "cdn" && request.headers.range !== undefined ? 206 : 200;
}

function fallbackHeaders(request: IncomingMessage, host: string): Record<string, string> {
  const isUpload = request.method === "POST" || request.method === "PATCH";
  return isUpload ? { Location: `http://${host}/v2/x/y/blobs/uploads/fallback` } : {};
}

/** Descriptor list of a manifest, for tests that store its blobs. */
export function descriptorsOf(manifest: Manifest): readonly Descriptor[] {
  return [...manifest.layers, manifest.config];
}
