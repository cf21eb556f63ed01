import type { CallOptions, RequestBody, Transport } from "./transport.ts";

/** Files on the server, by digest (`sha256:…`); `create` makes models of them. */
export class Blobs {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Whether the server has the file. */
  async exists(digest: string, options?: CallOptions): Promise<boolean> {
    const status = await this.#transport.status({
      ...options,
      method: "HEAD",
      path: blobPath(digest),
      accept: [404],
      isIdempotent: true,
    });
    return status !== 404;
  }

  /**
   * Sends a file to the server.
   * @param body  the bytes; a `ReadableStream` is sent as it is read, where `fetch` can (Node can, browsers over HTTP/2)
   * @throws PunaError `BAD_REQUEST` when the bytes do not have that digest
   */
  async upload(digest: string, body: RequestBody, options?: CallOptions): Promise<void> {
    await this.#transport.status({ ...options, method: "POST", path: blobPath(digest), body });
  }
}

function blobPath(digest: string): string {
  return `/api/blobs/${encodeURIComponent(digest).replace("%3A", ":")}`;
}
