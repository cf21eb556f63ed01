import { RegistryError } from "../errors.ts";
import { type Authorizer, accessDenied } from "./authorizer.ts";
import { parseChallenge } from "./challenge.ts";
import type { ConnectionGuard, HttpRequest, HttpResponse, HttpTransport } from "./http-transport.ts";
import { isRedirect, maxRedirects, redirectTarget, tooManyRedirects } from "./redirects.ts";

export interface RegistryApiOptions {
  /** origin of the registry */
  readonly base: URL;
  /** `namespace/model` */
  readonly repository: string;
  readonly transport: HttpTransport;
  readonly authorizer: Authorizer;
  readonly guard: ConnectionGuard;
  readonly userAgent: string;
}

/** A request to the registry, or to where it sends us. */
export interface RegistryRequest {
  readonly method: HttpRequest["method"];
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | (() => AsyncIterable<Uint8Array>);
  readonly signal: AbortSignal;
  readonly followRedirects?: boolean;
}

/** A token that another connection fetched may have ended as well by the time it is used. */
const maxAuthorizations = 5;
const maxErrorBytes = 16 * 1024;

/** One repository of one registry: authorised requests, bounded redirects, credentials kept at home. */
export class RegistryApi {
  readonly #options: RegistryApiOptions;

  constructor(options: RegistryApiOptions) {
    this.#options = options;
  }

  /** Host of the registry, with port, for messages. */
  get host(): string {
    return this.#options.base.host;
  }

  manifestUrl(reference: string): URL {
    return this.#url(`manifests/${reference}`);
  }

  blobUrl(digest: string): URL {
    return this.#url(`blobs/${digest}`);
  }

  uploadsUrl(): URL {
    return this.#url("blobs/uploads/");
  }

  /**
   * Sends a request; a 401 is answered once with a token or password and the request repeated. Any other answer
   * comes back as it is.
   * @throws RegistryError `UNAUTHORIZED` after a second 401, and whatever the transport throws
   */
  async send(request: RegistryRequest): Promise<HttpResponse> {
    const { authorizer, base, guard } = this.#options;
    let renewals = 0;
    for (let attempt = 0; attempt < maxAuthorizations && renewals < 2; attempt += 1) {
      const sent = authorizer.headersFor(base);
      const response = await this.#follow(request);
      if (response.status !== 401 || response.url.origin !== base.origin) return response;
      if (parseChallenge(response.headers["www-authenticate"]) === undefined)
        throw await refusalOf(response, authorizer);
      await response.discard();
      if (await authorizer.answer(response, sent, { guard, signal: request.signal })) renewals += 1;
    }
    throw accessDenied();
  }

  /** As `send`, but turns error answers into errors: `file does not exist`, or `<status>: <body>`. */
  async sendOrThrow(request: RegistryRequest): Promise<HttpResponse> {
    const response = await this.send(request);
    if (response.status >= 400) throw await errorOf(response);
    return response;
  }

  /** Sends to one URL and nowhere else; credentials go along only if it is the registry's. */
  async sendOnce(request: RegistryRequest): Promise<HttpResponse> {
    const { transport, authorizer, guard, userAgent } = this.#options;
    return await transport.request({
      method: request.method,
      url: request.url,
      headers: { "user-agent": userAgent, ...request.headers, ...authorizer.headersFor(request.url) },
      ...(request.body === undefined
        ? {}
        : { body: typeof request.body === "function" ? request.body() : request.body }),
      signal: request.signal,
      guard,
    });
  }

  async #follow(request: RegistryRequest): Promise<HttpResponse> {
    let url = request.url;
    for (let hops = 0; hops <= maxRedirects; hops += 1) {
      const response = await this.sendOnce({ ...request, url });
      if (request.followRedirects !== true || !isRedirect(response.status)) return response;
      await response.discard();
      url = redirectTarget(url, response.headers["location"]);
    }
    throw tooManyRedirects(this.host);
  }

  /** Another resource of the registry's site. */
  siteUrl(path: string): URL {
    return new URL(path, this.#options.base);
  }

  #url(path: string): URL {
    return new URL(`/v2/${this.#options.repository}/${path}`, this.#options.base);
  }
}

/** A 401 that asks for nothing: what it says is all there is to know. */
async function refusalOf(response: HttpResponse, authorizer: Authorizer): Promise<RegistryError> {
  const { message, details } = await errorOf(response);
  return message === "401: "
    ? authorizer.foreignRealm()
    : new RegistryError("UNAUTHORIZED", message, { details });
}

/** What would steer the terminal that shows it. */
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** The error an answer stands for. Bodies are cut and shown: registries explain themselves there. */
export async function errorOf(response: HttpResponse): Promise<RegistryError> {
  if (response.status === 404) {
    await response.discard();
    return new RegistryError("NOT_FOUND", "file does not exist", { details: { status: 404 } });
  }
  const body = await response.bytes(maxErrorBytes).then(
    (bytes) => bytes.toString("utf8").replace(controls, "").trim().slice(0, 1000),
    () => "",
  );
  return new RegistryError("REFUSED_BY_REGISTRY", `${response.status}: ${body}`, {
    details: {
      status: response.status,
      ...(response.headers["retry-after"] === undefined
        ? {}
        : { retryAfter: response.headers["retry-after"] }),
    },
  });
}
