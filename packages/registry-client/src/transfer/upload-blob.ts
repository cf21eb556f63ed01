import { createHash } from "node:crypto";
import type { BlobStore, Descriptor, UploadNotes } from "@puna/blob-store";
import { RegistryError } from "../errors.ts";
import type { HttpResponse } from "../http/http-transport.ts";
import { redirectTarget } from "../http/redirects.ts";
import { errorOf, type RegistryApi } from "../http/registry-api.ts";
import { backoffMs, mayPass, pause, type RetryPolicy } from "../http/retry.ts";

export interface UploadOptions {
  readonly api: RegistryApi;
  readonly blobs: BlobStore;
  readonly notes: UploadNotes;
  readonly blob: Descriptor;
  /** repository of the same registry that may have the blob */
  readonly mountFrom: string | undefined;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal;
  readonly onProgress: (completedBytes: number) => void;
  /** bytes of one request */
  readonly partBytes?: number | undefined;
}

/** As Ollama's: small enough to repeat, and one request for nearly every file that is not weights. */
const defaultPartBytes = 100_000_000;
/** Answers by which a registry says that it knows no upload in parts. */
const noPartsStatuses: readonly number[] = [404, 405, 415, 501];

/**
 * Uploads a blob: mounted from another repository if that has it, else in parts, else whole in one request.
 * A part that breaks off goes on at the byte the registry has; so does an upload whose process ended, where the
 * registry keeps unfinished ones.
 * @throws RegistryError
 */
export async function uploadBlob(options: UploadOptions): Promise<void> {
  await new Upload(options).run();
}

class Upload {
  readonly #options: UploadOptions;
  readonly #partHashes: Buffer[] = [];
  #url: URL | undefined;
  #sent = 0;

  constructor(options: UploadOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { blob, onProgress } = this.#options;
    if (!(await this.#resume()) && (await this.#retried(() => this.#begin()))) return;
    while (this.#sent < blob.size) {
      if (await this.#retried(() => this.#sendPart())) {
        await this.#note();
        continue;
      }
      await this.#retried(() => this.#sendWhole());
      onProgress(blob.size);
      await this.#options.notes.remove(this.#noteKey());
      return;
    }
    await this.#retried(() => this.#close());
    await this.#options.notes.remove(this.#noteKey());
  }

  /** Goes on with an upload that an earlier process began, if the registry still has it and says how far it came. */
  async #resume(): Promise<boolean> {
    const { api, notes, blob, signal, onProgress } = this.#options;
    const url = URL.parse((await notes.read(this.#noteKey())) ?? "");
    if (url === null) return false;
    await notes.remove(this.#noteKey());
    // Nothing but the registry itself is asked because of a file.
    if (url.origin !== api.uploadsUrl().origin) return false;
    const response = await api.send({ method: "GET", url, signal }).catch(() => undefined);
    signal.throwIfAborted();
    await response?.discard();
    const received = receivedBytes(response);
    if (response === undefined || received === undefined || received > blob.size) return false;
    this.#url = url;
    this.#moveTo(response, url);
    await this.#hashSent(0, received);
    this.#sent = received;
    onProgress(received);
    return true;
  }

  /** Hashes of what the registry has already, as if it had been sent in whole parts. */
  async #hashSent(from: number, to: number): Promise<void> {
    const { blobs, blob } = this.#options;
    for (let start = from; start < to; start += this.#partBytes) {
      const hash = createHash("md5");
      const end = Math.min(start + this.#partBytes, to);
      for await (const chunk of await blobs.stream(blob.digest, { start, end })) hash.update(chunk);
      this.#partHashes.push(hash.digest());
    }
  }

  #noteKey(): string {
    const { api, blob } = this.#options;
    return `${api.uploadsUrl().href} ${blob.digest}`;
  }

  async #note(): Promise<void> {
    if (this.#url !== undefined) await this.#options.notes.write(this.#noteKey(), this.#url.href);
  }

  get #partBytes(): number {
    return this.#options.partBytes ?? defaultPartBytes;
  }

  /** @returns whether the blob was mounted, and nothing is left to do */
  async #begin(): Promise<boolean> {
    const { api, blob, mountFrom, signal } = this.#options;
    const url = api.uploadsUrl();
    if (mountFrom !== undefined)
      url.search = new URLSearchParams({ from: mountFrom, mount: blob.digest }).toString();
    const response = await api.sendOrThrow({
      method: "POST",
      url,
      headers: { "content-length": "0" },
      signal,
    });
    await response.discard();
    if (response.status === 201) return true;
    this.#moveTo(response, url);
    return false;
  }

  /** @returns false when the registry wants the blob whole */
  async #sendPart(): Promise<boolean> {
    const { api, blob, signal } = this.#options;
    const url = this.#target();
    const start = this.#sent;
    const end = Math.min(start + this.#partBytes, blob.size);
    const hash = createHash("md5");
    const response = await api.send({
      method: "PATCH",
      url,
      headers: {
        "content-type": "application/octet-stream",
        "content-length": String(end - start),
        "content-range": `${start}-${end - 1}`,
        "x-redirect-uploads": "1",
      },
      body: () => this.#read(start, end, hash),
      signal,
    });
    if (response.status === 307) return await this.#sendElsewhere(response, { start, end });
    if (start === 0 && noPartsStatuses.includes(response.status)) {
      await response.discard();
      return false;
    }
    if (response.status >= 400) throw await errorOf(response);
    await response.discard();
    this.#partHashes.push(hash.digest());
    this.#moveTo(response, url);
    this.#advance(end);
    return true;
  }

  /** The registry named a place that takes this part; no credentials go there. */
  async #sendElsewhere(
    redirect: HttpResponse,
    { start, end }: { readonly start: number; readonly end: number },
  ): Promise<boolean> {
    const { api, signal } = this.#options;
    await redirect.discard();
    const hash = createHash("md5");
    const response = await api.sendOnce({
      method: "PUT",
      url: redirectTarget(redirect.url, redirect.headers["location"]),
      headers: { "content-type": "application/octet-stream", "content-length": String(end - start) },
      body: () => this.#read(start, end, hash),
      signal,
    });
    if (response.status >= 400) throw await errorOf(response);
    await response.discard();
    this.#partHashes.push(hash.digest());
    const next = redirect.headers["docker-upload-location"];
    if (next !== undefined) this.#url = redirectTarget(redirect.url, next);
    this.#advance(end);
    return true;
  }

  async #sendWhole(): Promise<boolean> {
    const { api, blob, signal } = this.#options;
    if (this.#url === undefined) await this.#begin();
    const url = withQuery(this.#target(), { digest: blob.digest });
    const response = await api.sendOrThrow({
      method: "PUT",
      url,
      headers: { "content-type": "application/octet-stream", "content-length": String(blob.size) },
      body: () => this.#read(0, blob.size, undefined),
      signal,
    });
    await response.discard();
    return true;
  }

  async #close(): Promise<boolean> {
    const { api, blob, signal } = this.#options;
    const etag = `${createHash("md5").update(Buffer.concat(this.#partHashes)).digest("hex")}-${this.#partHashes.length}`;
    const response = await api.sendOrThrow({
      method: "PUT",
      url: withQuery(this.#target(), { digest: blob.digest, etag }),
      headers: { "content-type": "application/octet-stream", "content-length": "0" },
      signal,
    });
    await response.discard();
    return true;
  }

  async *#read(
    start: number,
    end: number,
    hash: { update(chunk: Uint8Array): unknown } | undefined,
  ): AsyncGenerator<Uint8Array> {
    const { blobs, blob, onProgress } = this.#options;
    if (end === start) return;
    let position = start;
    for await (const chunk of await blobs.stream(blob.digest, { start, end })) {
      hash?.update(chunk);
      yield chunk;
      position += chunk.byteLength;
      onProgress(position);
    }
  }

  async #retried(step: () => Promise<boolean>): Promise<boolean> {
    const { retry, signal } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const before = this.#sent;
      try {
        return await step();
      } catch (error) {
        signal.throwIfAborted();
        if (!mayPass(error) || attempt >= retry.attempts) throw error;
        await pause(backoffMs(attempt, retry), signal);
        await this.#askWhereToGoOn();
        if (this.#sent > before) attempt = 0;
      }
    }
  }

  /** After a broken part the registry says how much it has; if it cannot, the upload begins anew. */
  async #askWhereToGoOn(): Promise<void> {
    const { api, signal, onProgress } = this.#options;
    if (this.#url === undefined || this.#sent === this.#options.blob.size) return;
    const response = await api.send({ method: "GET", url: this.#url, signal }).catch(() => undefined);
    signal.throwIfAborted();
    await response?.discard();
    const received = receivedBytes(response);
    if (response !== undefined && received !== undefined) {
      this.#moveTo(response, this.#url);
      // A registry that was restarted may have less than it took before.
      if (received < this.#sent) this.#forgetSent();
      await this.#hashSent(this.#sent, received);
      this.#sent = received;
    } else if (response?.status === 404 || (this.#sent > 1 && hasNothing(response))) {
      this.#url = undefined;
      this.#forgetSent();
      await this.#begin();
    } else if (response?.status === 204) {
      this.#moveTo(response, this.#url);
    }
    onProgress(this.#sent);
  }

  #forgetSent(): void {
    this.#sent = 0;
    this.#partHashes.length = 0;
  }

  #target(): URL {
    if (this.#url === undefined)
      throw new RegistryError("RESPONSE_INVALID", "The registry named no place to upload to");
    return this.#url;
  }

  #moveTo(response: HttpResponse, from: URL): void {
    const location = response.headers["docker-upload-location"] ?? response.headers["location"];
    if (location !== undefined) this.#url = redirectTarget(from, location);
  }

  #advance(end: number): void {
    this.#sent = end;
    this.#options.onProgress(end);
  }
}

/**
 * How much of an upload the registry has; undefined when it does not say. `0-0` means nothing as well as one byte,
 * and a byte sent twice would be refused, so that says nothing.
 */
function receivedBytes(response: HttpResponse | undefined): number | undefined {
  const last = lastByte(response);
  return last === undefined || last === 0 ? undefined : last + 1;
}

/** Whether the registry says that at most one byte is there. */
function hasNothing(response: HttpResponse | undefined): boolean {
  return lastByte(response) === 0;
}

function lastByte(response: HttpResponse | undefined): number | undefined {
  const last = /^(?:bytes=)?0-(\d+)$/.exec(response?.headers["range"] ?? "")?.[1];
  return response?.status !== 204 || last === undefined ? undefined : Number(last);
}

function withQuery(url: URL, values: Readonly<Record<string, string>>): URL {
  const target = new URL(url);
  for (const [key, value] of Object.entries(values)) target.searchParams.set(key, value);
  return target;
}
