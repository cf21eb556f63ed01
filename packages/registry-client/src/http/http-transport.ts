/** The HTTP of this package as a port; `undici-transport.ts` is its adapter. */
export interface HttpTransport {
  /**
   * Sends a request and resolves with the head of the answer. Follows no redirects, decodes nothing.
   * @throws RegistryError `UNREACHABLE`, `STALLED`, `TARGET_REFUSED`; the signal's reason
   */
  request(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  /** the guard that the connection of this request must pass */
  readonly guard: ConnectionGuard;
}

/** Asked with every address before a connection to it is opened. Connections are pooled by `key`. */
export interface ConnectionGuard {
  /** equal for guards that decide alike: a connection opened under a looser one is never used under this one */
  readonly key: string;
  /** @throws RegistryError `TARGET_REFUSED` */
  check(host: string, address: string): void;
}

export interface HttpResponse {
  readonly status: number;
  /** names in lower case; of repeated ones the first */
  readonly headers: Readonly<Record<string, string>>;
  readonly url: URL;
  /**
   * Hands every chunk to `sink` and resolves at the end of the body; while a promise that `sink` returned is open,
   * reading pauses. `sink` owns the chunks.
   */
  drain(sink: (chunk: Uint8Array) => Promise<void> | undefined): Promise<void>;
  /** The body in memory. @throws RegistryError `RESPONSE_INVALID` above `maxBytes` or when it is compressed */
  bytes(maxBytes: number): Promise<Buffer>;
  /** Ends the exchange. Resolves when the connection is free or closed; never rejects. */
  discard(): Promise<void>;
}
