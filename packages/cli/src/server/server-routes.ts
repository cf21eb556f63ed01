import type { ProgressResponse } from "@puna/protocol";
import { Puna, PunaError } from "@puna/sdk";
import type { CliContext } from "../context.ts";
import { CliError } from "../errors.ts";

/** Where a server listens when nobody says otherwise. */
export const defaultServerUrl = "http://127.0.0.1:11434";

/** Answer of `GET /api/puna/store/df`; sizes in bytes. */
export interface StoreUsage {
  readonly total: number;
  readonly blobs: number;
  readonly reclaimable: number;
  readonly models: readonly { readonly name: string; readonly size: number; readonly unique: number }[];
}

/** Answer of `POST /api/puna/store/prune`. */
export interface PruneResult {
  readonly removed: readonly { readonly kind: string; readonly size: number; readonly path: string }[];
  readonly freed: number;
  readonly kept: number;
  readonly dry_run: boolean;
}

/** Lines of `POST /api/puna/store/verify`. */
export type VerifyLine =
  | {
      readonly digest: string;
      readonly size: number;
      readonly ok: boolean;
      /** digest of the bytes that are there; a damaged file without it is missing */
      readonly found?: string;
      readonly models?: readonly string[];
    }
  | { readonly manifest: string; readonly ok: false; readonly reason: string }
  | { readonly digest: string; readonly repaired: boolean; readonly from?: string; readonly reason?: string }
  | {
      readonly status: "success" | "damaged";
      readonly checked: number;
      readonly damaged: number;
      readonly repaired?: number;
      readonly orphaned?: number;
    }
  | ProgressResponse;

/** A loaded model, as `GET /api/puna/slots` tells it. */
export interface SlotUsage {
  readonly name: string;
  readonly driver: string;
  readonly pid: number | null;
  readonly slots: number;
  readonly busy: number;
  readonly context_length: number;
  readonly size: number;
  readonly size_vram: number;
}

/** Answer of `POST /api/me`; Ollama's server knows an account, ours has none. */
export interface AccountAnswer {
  readonly name?: string;
  readonly error?: string;
  readonly signin_url?: string;
}

/** An API key as the server tells it; the key itself is shown once, when it is made. */
export interface KeyInfo {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly models?: readonly string[];
  readonly requests_per_minute?: number;
}

/** Routes that the SDK leaves out: care of the store, a look into the engine, keys, the account. */
export class ServerRoutes extends Puna {
  readonly #get: (path: string) => Promise<Response>;

  constructor({
    serverUrl,
    fetch: ownFetch = fetch,
    headers = {},
  }: Pick<CliContext, "serverUrl" | "fetch" | "headers">) {
    super({ host: serverUrl, fetch: ownFetch, headers });
    this.#get = (path) => ownFetch(this.transport.host + path, { headers });
  }

  account(): Promise<AccountAnswer> {
    return this.transport.json({ method: "POST", path: "/api/me", json: {}, accept: [401] });
  }

  async signOut(): Promise<void> {
    await this.transport.status({ method: "POST", path: "/api/signout", json: {} });
  }

  storeUsage(): Promise<StoreUsage> {
    return this.#ownRoute("/api/puna/store/df", (path) =>
      this.transport.json({ method: "GET", path, isIdempotent: true }),
    );
  }

  prune(request: { readonly dry_run: boolean; readonly min_age_seconds?: number }): Promise<PruneResult> {
    return this.#ownRoute("/api/puna/store/prune", (path) =>
      this.transport.json({ method: "POST", path, json: request }),
    );
  }

  verify(
    request: { readonly repair?: boolean; readonly insecure?: boolean } = {},
  ): Promise<AsyncIterable<VerifyLine>> {
    return this.#ownRoute("/api/puna/store/verify", (path) =>
      this.transport.stream<VerifyLine>({ method: "POST", path, json: request }),
    );
  }

  slots(): Promise<{ readonly models: readonly SlotUsage[] }> {
    return this.#ownRoute("/api/puna/slots", (path) =>
      this.transport.json({ method: "GET", path, isIdempotent: true }),
    );
  }

  /** Prometheus text; undefined where it may not be read. */
  async metrics(): Promise<string | undefined> {
    const response = await this.#get("/metrics");
    return response.ok ? await response.text() : undefined;
  }

  /** One model as a tar archive: its manifest and all its files. */
  async exportModel(model: string): Promise<ReadableStream<Uint8Array>> {
    const path = "/api/puna/store/export";
    return this.#ownRoute(path, async () => {
      const response = await this.#get(`${path}?model=${encodeURIComponent(model)}`);
      if (response.ok && response.body !== null) return response.body;
      throw await refusal(response);
    });
  }

  /**
   * Adds the model of such an archive, and tells its progress.
   * @param name  instead of the one it was exported with
   */
  importModel(archive: ReadableStream<Uint8Array>, name?: string): Promise<AsyncIterable<ProgressResponse>> {
    const query = name === undefined ? "" : `?model=${encodeURIComponent(name)}`;
    return this.#ownRoute("/api/puna/store/import", (path) =>
      this.transport.stream<ProgressResponse>({
        method: "POST",
        path: path + query,
        body: archive,
        headers: { "content-type": "application/x-tar" },
      }),
    );
  }

  keys(): Promise<{ readonly keys: readonly KeyInfo[] }> {
    return this.#ownRoute("/api/puna/keys", (path) =>
      this.transport.json({ method: "GET", path, isIdempotent: true }),
    );
  }

  createKey(request: KeyInfo): Promise<KeyInfo & { readonly key: string }> {
    return this.#ownRoute("/api/puna/keys", (path) =>
      this.transport.json({ method: "POST", path, json: request }),
    );
  }

  async removeKey(name: string): Promise<void> {
    await this.#ownRoute(`/api/puna/keys/${encodeURIComponent(name)}`, (path) =>
      this.transport.status({ method: "DELETE", path }),
    );
  }

  /** A server that has none of these routes answers as for any unknown path, and in no JSON. */
  async #ownRoute<T>(path: string, call: (path: string) => Promise<T>): Promise<T> {
    try {
      return await call(path);
    } catch (error) {
      if (!PunaError.is(error) || error.code !== "NOT_FOUND" || !error.message.startsWith("404 "))
        throw error;
      const message = `the server at ${this.transport.host} has no ${path}: it is Ollama, or an older puna`;
      throw new CliError("SERVER", message, { cause: error });
    }
  }
}

/** What the SDK makes of a refused request, for the one it does not send. */
async function refusal(response: Response): Promise<PunaError> {
  const text = (await response.text()).trim();
  const details = { status: response.status };
  let message = text;
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && "error" in body) message = String(body.error);
  } catch {
    // The text itself is the message.
  }
  return new PunaError(response.status === 404 ? "NOT_FOUND" : "HTTP_ERROR", message, { details });
}
