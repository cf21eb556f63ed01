import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as the registry saw it. */
export interface SeenRequest {
  readonly method: string;
  /** path with query */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** bytes of the body that arrived */
  bodyBytes: number;
  /** status of the answer; 0 when it was cut off */
  status: number;
  /** bytes of the answer's body that were handed to the network */
  sentBytes: number;
}

/** May answer a request in place of the registry; returns whether it did. */
type Intercept = (
  request: IncomingMessage,
  response: ServerResponse,
  seen: SeenRequest,
) => boolean | Promise<boolean>;

export interface LoopbackRegistryOptions {
  /** answers some requests in its own way: faults, redirects, tokens */
  readonly intercept?: Intercept;
}

export interface LoopbackRegistry extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  readonly blobs: Map<string, Uint8Array>;
  /** manifests by `repository:reference` */
  readonly manifests: Map<string, { readonly bytes: Uint8Array; readonly mediaType: string }>;
  readonly seen: SeenRequest[];
  /** connections that were opened to it */
  readonly connections: { count: number };
  intercept: Intercept | undefined;
}

/** A registry in this process, on loopback, with everything in memory: enough of the protocol for pull and push. */
export async function startLoopbackRegistry(
  options: LoopbackRegistryOptions = {},
): Promise<LoopbackRegistry> {
  const state: Omit<LoopbackRegistry, "host" | typeof Symbol.asyncDispose> = {
    blobs: new Map(),
    manifests: new Map(),
    seen: [],
    connections: { count: 0 },
    intercept: options.intercept,
  };
  const uploads = new Map<string, Uint8Array[]>();
  const server = createServer((request, response) => {
    const seen = record(request, response);
    state.seen.push(seen);
    void (async () => {
      if (state.intercept !== undefined && (await state.intercept(request, response, seen))) return;
      await answer(state, uploads, request, response);
    })().catch(() => response.destroy());
  });
  server.on("connection", () => {
    state.connections.count += 1;
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  // An address object, since the server listens on a port.
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    host: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  });
}

function record(request: IncomingMessage, response: ServerResponse): SeenRequest {
  const seen: SeenRequest = {
    method: request.method ?? "",
    path: request.url ?? "",
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    ),
    bodyBytes: 0,
    status: 0,
    sentBytes: 0,
  };
  request.on("data", (chunk: Buffer) => {
    seen.bodyBytes += chunk.length;
  });
  request.pause();
  const write = response.write.bind(response);
  response.on("finish", () => {
    seen.status = response.statusCode;
  });
  const end = response.end.bind(response);
  const count = (chunk: unknown) => {
    if (chunk instanceof Uint8Array || typeof chunk === "string") seen.sentBytes += Buffer.byteLength(chunk);
  };
  // Overloads of node's types do not survive a wrapper; arguments are passed on unchanged.
  response.write = ((...args: Parameters<typeof write>) => {
    count(args[0]);
    return write(...args);
  }) as typeof response.write;
  response.end = ((...args: [unknown?, ...unknown[]]) => {
    count(args[0]);
    return (end as (...all: unknown[]) => ServerResponse)(...args);
  }) as typeof response.end;
  return seen;
}

type State = Pick<LoopbackRegistry, "blobs" | "manifests">;

async function answer(
  state: State,
  uploads: Map<string, Uint8Array[]>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://registry");
  const match = /^\/v2\/(.+)\/(manifests|blobs)\/(uploads\/[^/]*|[^/]+)$/.exec(url.pathname);
  const [, repository = "", kind, reference = ""] = match ?? [];
  if (kind === "manifests")
    return await answerManifest(state, request, response, `${repository}:${reference}`);
  if (kind === "blobs" && reference.startsWith("uploads/")) {
    return await answerUpload({ state, uploads, request, response, url, repository });
  }
  if (kind === "blobs") return sendBlob(request, response, state.blobs.get(reference));
  response.writeHead(match === null && url.pathname === "/v2/" ? 200 : 404).end();
}

async function answerManifest(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
  key: string,
): Promise<void> {
  if (request.method === "PUT") {
    const bytes = await readBody(request);
    state.manifests.set(key, { bytes, mediaType: request.headers["content-type"] ?? "" });
    response.writeHead(201, { "docker-content-digest": sha256(bytes) }).end();
    return;
  }
  const manifest = state.manifests.get(key);
  if (manifest === undefined) {
    response
      .writeHead(404, { "content-type": "application/json" })
      .end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
    return;
  }
  response
    .writeHead(200, { "content-type": manifest.mediaType, "docker-content-digest": sha256(manifest.bytes) })
    .end(request.method === "HEAD" ? undefined : manifest.bytes);
}

/** Serves a blob or a range of it, as static servers do. */
export function sendBlob(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array | undefined,
): void {
  if (bytes === undefined) {
    response.writeHead(404).end();
    return;
  }
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const isHead = request.method === "HEAD";
  if (range === null) {
    response
      .writeHead(200, { "content-length": bytes.byteLength, "accept-ranges": "bytes" })
      .end(isHead ? undefined : bytes);
    return;
  }
  const start = Number(range[1]);
  const end = range[2] === "" ? bytes.byteLength - 1 : Math.min(Number(range[2]), bytes.byteLength - 1);
  if (start > end) {
    response.writeHead(416, { "content-range": `bytes */${bytes.byteLength}` }).end();
    return;
  }
  response
    .writeHead(206, {
      "content-length": end - start + 1,
      "content-range": `bytes ${start}-${end}/${bytes.byteLength}`,
    })
    .end(isHead ? undefined : bytes.subarray(start, end + 1));
}

async function answerUpload(exchange: {
  readonly state: State;
  readonly uploads: Map<string, Uint8Array[]>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly repository: string;
}): Promise<void> {
  const { state, uploads, request, response, url, repository } = exchange;
  const location = (id: string) => `/v2/${repository}/blobs/uploads/${id}?state=1`;
  if (request.method === "POST") {
    const mount = url.searchParams.get("mount");
    if (mount !== null && state.blobs.has(mount)) {
      response.writeHead(201, { location: `/v2/${repository}/blobs/${mount}` }).end();
      return;
    }
    const id = randomUUID();
    uploads.set(id, []);
    response.writeHead(202, { location: location(id), range: "0-0" }).end();
    return;
  }
  const id = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  const parts = uploads.get(id);
  if (parts === undefined) {
    response.writeHead(404).end();
    return;
  }
  if (request.method !== "GET") await collect(request, parts);
  const bytes = Buffer.concat(parts);
  if (request.method !== "PUT") {
    const status = request.method === "GET" ? 204 : 202;
    response.writeHead(status, { location: location(id), range: `0-${Math.max(bytes.length - 1, 0)}` }).end();
    return;
  }
  const digest = url.searchParams.get("digest") ?? "";
  if (sha256(bytes) !== digest) {
    response.writeHead(400).end("digest invalid");
    return;
  }
  uploads.delete(id);
  state.blobs.set(digest, bytes);
  response.writeHead(201, { "docker-content-digest": digest }).end();
}

/** Keeps what arrived even of a request that breaks off. */
async function collect(request: IncomingMessage, parts: Uint8Array[]): Promise<void> {
  try {
    for await (const chunk of request) parts.push(chunk);
  } catch {
    // The client went away; what came counts.
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of request) parts.push(chunk);
  return Buffer.concat(parts);
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
