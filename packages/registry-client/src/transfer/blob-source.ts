import { RegistryError } from "../errors.ts";
import type { HttpResponse } from "../http/http-transport.ts";
import { errorOf, type RegistryApi } from "../http/registry-api.ts";
import type { Part } from "./part.ts";

/** Answers that mean "this link is no longer good" when they come from where a registry redirected to. */
const expiredStatuses: readonly number[] = [400, 401, 403, 404, 410];

/**
 * Where the bytes of a blob come from: the registry, or the place it redirects to, which is remembered until it
 * refuses. The registry is asked by one request at a time.
 */
export class BlobSource {
  readonly #api: RegistryApi;
  readonly #digest: string;
  readonly #sizeBytes: number;
  readonly #url: URL;
  #redirectedTo: URL | undefined;
  #servesRanges = false;

  /** @param url  where the registry has it, if not among its blobs */
  constructor(api: RegistryApi, blob: { readonly digest: string; readonly sizeBytes: number }, url?: URL) {
    this.#api = api;
    this.#digest = blob.digest;
    this.#sizeBytes = blob.sizeBytes;
    this.#url = url ?? api.blobUrl(blob.digest);
  }

  /** False until an answer has shown it. */
  get servesRanges(): boolean {
    return this.#servesRanges;
  }

  /**
   * Asks for a part from its position on.
   * @returns an answer whose body begins at `offset`
   * @throws RegistryError `SIZE_MISMATCH` when the blob has another length than the manifest says
   */
  async open(
    part: Part,
    signal: AbortSignal,
  ): Promise<{ readonly response: HttpResponse; readonly offset: number }> {
    const headers = { range: `bytes=${part.position}-${part.end - 1}` };
    const redirected = this.#redirectedTo;
    const url = redirected ?? this.#url;
    const response = await this.#api.send({ method: "GET", url, headers, signal, followRedirects: true });
    switch (response.status) {
      case 206: {
        const offset = await this.#checkContentRange(response, part.position);
        this.#servesRanges = true;
        if (response.url.host !== this.#api.host) this.#redirectedTo = response.url;
        return { response, offset };
      }
      case 200:
        await this.#checkLength(response);
        this.#servesRanges = false;
        return { response, offset: 0 };
      case 416:
        await response.discard();
        throw this.#wrongSize("fewer");
      default:
        throw await this.#failure(response);
    }
  }

  async #failure(response: HttpResponse): Promise<RegistryError> {
    const isRedirected = response.url.host !== this.#api.host;
    this.#redirectedTo = undefined;
    const error = await errorOf(response);
    if (!isRedirected || !expiredStatuses.includes(response.status)) return error;
    // Signed links end; the registry makes a new one for the next try.
    return new RegistryError("UNREACHABLE", `${response.url.host} refused the blob with ${response.status}`, {
      cause: error,
    });
  }

  async #checkContentRange(response: HttpResponse, wanted: number): Promise<number> {
    const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers["content-range"] ?? "");
    if (match === null || Number(match[1]) !== wanted) {
      await response.discard();
      throw new RegistryError(
        "RESPONSE_INVALID",
        `${response.url.host} answered with another range than was asked for`,
      );
    }
    if (match[3] !== "*" && Number(match[3]) !== this.#sizeBytes) {
      await response.discard();
      throw this.#wrongSize(match[3] ?? "other");
    }
    return wanted;
  }

  async #checkLength(response: HttpResponse): Promise<void> {
    const length = response.headers["content-length"];
    if (length === undefined || Number(length) === this.#sizeBytes) return;
    await response.discard();
    throw this.#wrongSize(length);
  }

  #wrongSize(actual: string): RegistryError {
    return new RegistryError(
      "SIZE_MISMATCH",
      `The registry has ${actual} bytes for blob ${this.#digest}, but its manifest says ${this.#sizeBytes}; the model must be pushed again`,
    );
  }
}
