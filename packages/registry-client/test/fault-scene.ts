import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Store } from "@puna/blob-store";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { createRegistryClient, type RegistryClientOptions } from "../src/index.ts";
import { type LoopbackRegistry, publishModel, startLoopbackRegistry } from "../src/testing/index.ts";
import { outcome } from "./support.ts";

export const megabyte = 1_000_000;

export interface Scene extends AsyncDisposable {
  readonly registry: LoopbackRegistry;
  readonly store: Store;
  readonly weights: Buffer;
  readonly digest: string;
  readonly name: ModelName;
  pull(options?: Partial<RegistryClientOptions>, signal?: AbortSignal): ReturnType<typeof outcome>;
  /** the weights are in the store, whole and right */
  hasWeights(): Promise<boolean>;
  /** bytes of the weights that the registry handed out */
  servedBytes(): number;
}

export async function stage(size = 6 * megabyte): Promise<Scene> {
  const registry = await startLoopbackRegistry();
  const temporary = await openTemporaryStore();
  const { store } = temporary;
  const weights = randomBytes(size);
  const { digest } = publishModel(registry, weights);
  const name = ModelName.parse(`${registry.host}/library/m`);
  return {
    registry,
    store,
    weights,
    digest,
    name,
    async pull(options = {}, signal) {
      await using client = createRegistryClient({
        store,
        stallMs: 200,
        retry: { baseMs: 1, maxMs: 5 },
        ...options,
      });
      return await outcome(
        client.pull(name, { insecure: true, ...(signal === undefined ? {} : { signal }) }),
      );
    },
    async hasWeights() {
      return (
        (await store.blobs.has(digest)) &&
        weights.equals(await store.blobs.readBytes(digest, { maxBytes: size }))
      );
    },
    servedBytes() {
      return registry.seen
        .filter(({ path }) => path.endsWith(digest))
        .reduce((sum, seen) => sum + seen.sentBytes, 0);
    },
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

export const isBlobGet = (request: IncomingMessage, digest: string) =>
  request.method === "GET" && request.url?.endsWith(digest) === true;

/** Head of the answer to a range request, and its bytes. */
export function rangeOf(
  request: IncomingMessage,
  bytes: Buffer,
): { readonly head: Record<string, string | number>; readonly body: Buffer } {
  const [, start = "0", end = String(bytes.length - 1)] =
    /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
  const body = bytes.subarray(Number(start), Number(end) + 1);
  return {
    head: { "content-length": body.length, "content-range": `bytes ${start}-${end}/${bytes.length}` },
    body,
  };
}

/** Sends only the first bytes of a range, then does `then`. */
export function sendPartly(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  count: number,
  then: () => void,
): number {
  const { head, body } = rangeOf(request, bytes);
  response.writeHead(206, head);
  const sent = Math.min(count, body.length);
  if (sent === body.length) response.end(body);
  else response.write(body.subarray(0, sent), () => setTimeout(then, 10));
  return sent;
}
