import type {
  CreateKeyRequest,
  CreateKeyResponse,
  KeysResponse,
  ProgressResponse,
  PruneRequest,
  PruneResult,
  SlotsResponse,
  StoreUsage,
  VerifyLine,
  VerifyRequest,
} from "@puna/protocol";
import { type CallOptions, Puna, PunaError } from "@puna/sdk";
import type { CliContext } from "../context.ts";
import { CliError } from "../errors.ts";

/** Where a server listens when nobody says otherwise. */
export const defaultServerUrl = "http://127.0.0.1:11434";

/** Answer of `POST /api/me`; Ollama's server knows an account, ours has none. */
export interface AccountAnswer {
  readonly name?: string;
  readonly error?: string;
  readonly signin_url?: string;
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

  prune(request: PruneRequest): Promise<PruneResult> {
    return this.#ownRoute("/api/puna/store/prune", (path) =>
      this.transport.json({ method: "POST", path, json: request }),
    );
  }

  verify(request: VerifyRequest = {}): Promise<AsyncIterable<VerifyLine>> {
    return this.#ownRoute("/api/puna/store/verify", (path) =>
      this.transport.stream<VerifyLine>({ method: "POST", path, json: request }),
    );
  }

  override devices(options?: CallOptions) {
    return this.#ownRoute("/api/puna/devices", () => super.devices(options));
  }

  slots(): Promise<SlotsResponse> {
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

  keys(): Promise<KeysResponse> {
    return this.#ownRoute("/api/puna/keys", (path) =>
      this.transport.json({ method: "GET", path, isIdempotent: true }),
    );
  }

  createKey(request: CreateKeyRequest): Promise<CreateKeyResponse> {
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
