/** A request as routes see it, whatever brought it. */
export interface ApiRequest {
  readonly method: string;
  /** Without query; dots are resolved, escapes are not. */
  readonly path: string;
  /** `?` and what follows, or nothing. */
  readonly search: string;
  /** What the client asked for: the `Host` header, or the URL's host where there is none. */
  readonly host: string;
  /** @param name  in lower case */
  header(name: string): string | undefined;
  /** The whole body, for those that say how short they are; nothing bounds it. */
  bytes(): Promise<Uint8Array>;
  /** The body as it comes; undefined where there is none. Either this or `bytes` is called, once. */
  body(): BodyReader | undefined;
  /** Tells when the client goes away before it has the whole reply, also where it is gone already. */
  onGone(listener: (reason: unknown) => void): void;
}

/** As `ReadableStreamDefaultReader`. */
export interface BodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  /** What was not read is for nobody. */
  cancel(): Promise<void>;
}

/** A request of `fetch`. */
export function fromFetch(request: Request): ApiRequest {
  const url = urlOf(request);
  return {
    method: request.method,
    path: url.pathname,
    search: url.search,
    host: request.headers.get("host") ?? url.host,
    header: (name) => request.headers.get(name) ?? undefined,
    bytes: async () => new Uint8Array(await request.arrayBuffer()),
    body: () => request.body?.getReader(),
    onGone(listener) {
      const { signal } = request;
      if (signal.aborted) listener(signal.reason);
      else signal.addEventListener("abort", () => listener(signal.reason), { once: true });
    },
  };
}

/** Servers that mount this one may build the URL of a host that none can have; the guards look at the header. */
function urlOf({ url }: Request): URL {
  return URL.parse(url) ?? new URL(url.replace(/^([a-z]+:\/\/)[^/?#]*/i, "$1localhost"));
}
