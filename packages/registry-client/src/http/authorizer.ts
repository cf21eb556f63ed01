import { randomBytes } from "node:crypto";
import { RegistryError } from "../errors.ts";
import { type Challenge, parseChallenge } from "./challenge.ts";
import type { Credentials, FindCredentials } from "./docker-credentials.ts";
import type { ConnectionGuard, HttpResponse, HttpTransport } from "./http-transport.ts";
import { type Signer, signTokenRequest, tokenUrl } from "./token-request.ts";

export interface AuthorizerOptions {
  readonly transport: HttpTransport;
  readonly userAgent: string;
  /** made when first needed: a registry that asks for no token never causes a key to be made */
  readonly signer: () => Promise<Signer | undefined>;
  readonly findCredentials: FindCredentials;
  /** token services under another host name that belong to a registry: registry host → realm hosts */
  readonly realms: Readonly<Record<string, readonly string[]>>;
  readonly now: () => number;
}

const maxTokenBytes = 1024 * 1024;

/**
 * Token services of well-known registries that have a host name of their own. Everywhere else the realm must be
 * on the registry's host, or a hostile registry could have signatures and passwords sent to itself for others.
 */
const knownRealms: Readonly<Record<string, readonly string[]>> = {
  "registry-1.docker.io": ["auth.docker.io"],
  "index.docker.io": ["auth.docker.io"],
  "registry.gitlab.com": ["gitlab.com"],
};

/** Holds what one registry host accepts: a token or a password, for exactly that origin. */
export class Authorizer {
  readonly #origin: string;
  readonly #host: string;
  readonly #options: AuthorizerOptions;
  #header: string | undefined;
  #renewal: Promise<unknown> = Promise.resolve();

  constructor(registry: URL, options: AuthorizerOptions) {
    this.#origin = registry.origin;
    this.#host = registry.host;
    this.#options = options;
  }

  /** Headers for a request; empty for every other origin. */
  headersFor(url: URL): Record<string, string> {
    return url.origin === this.#origin && this.#header !== undefined ? { authorization: this.#header } : {};
  }

  /**
   * Does what a 401 asks for, so that the request can be repeated. When a token ends, all connections learn it at
   * once: the first of them fetches a new one, and the others take that.
   * @param sent  headers of the refused request that came from here
   * @returns whether something new was fetched or looked up
   * @throws RegistryError `UNAUTHORIZED`, `TARGET_REFUSED`, `REFUSED_BY_REGISTRY`
   */
  async answer(
    response: HttpResponse,
    sent: Readonly<Record<string, string>>,
    context: { readonly guard: ConnectionGuard; readonly signal: AbortSignal },
  ): Promise<boolean> {
    const before = this.#renewal;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#renewal = before.then(() => promise);
    try {
      await before;
      context.signal.throwIfAborted();
      if (this.#header !== undefined && this.#header !== sent["authorization"]) return false;
      await this.#renew(response, context.guard, context.signal);
      return true;
    } finally {
      resolve();
    }
  }

  async #renew(response: HttpResponse, guard: ConnectionGuard, signal: AbortSignal): Promise<void> {
    const challenge = parseChallenge(response.headers["www-authenticate"]);
    if (challenge === undefined) throw this.foreignRealm();
    const credentials = await this.#options.findCredentials(this.#host, signal);
    if (challenge.scheme === "basic") {
      if (credentials === undefined) throw this.foreignRealm();
      this.#header = basic(credentials);
      return;
    }
    const token = await this.#fetchToken(challenge, credentials, guard, signal);
    this.#header = token === "" ? undefined : `Bearer ${token}`;
  }

  async #fetchToken(
    challenge: Challenge,
    credentials: Credentials | undefined,
    guard: ConnectionGuard,
    signal: AbortSignal,
  ): Promise<string> {
    const realm = this.#checkRealm(challenge.realm);
    const ownRealm = realm.host === this.#host;
    const signer = credentials === undefined && ownRealm ? await this.#options.signer() : undefined;
    const stamp = {
      unixSeconds: Math.floor(this.#options.now() / 1000),
      nonce: randomBytes(16).toString("base64url"),
    };
    const url = tokenUrl(challenge, signer === undefined ? undefined : stamp);
    const headers: Record<string, string> = { "user-agent": this.#options.userAgent };
    if (credentials !== undefined) headers["authorization"] = basic(credentials);
    else if (signer !== undefined) headers["authorization"] = signTokenRequest(url, signer);
    const response = await this.#options.transport.request({ method: "GET", url, headers, signal, guard });
    const text = (await response.bytes(maxTokenBytes)).toString("utf8");
    if (response.status >= 300) {
      throw new RegistryError("UNAUTHORIZED", `${response.status}: ${text.trim().slice(0, 1000)}`, {
        details: { status: response.status, host: realm.host },
      });
    }
    return readToken(text, realm.host);
  }

  /** For a 401 that names no place to get a token, or one that may not be asked. The text is Ollama's, which clients know. */
  foreignRealm(realmHost = ""): RegistryError {
    return new RegistryError(
      "UNAUTHORIZED",
      `realm host "${realmHost}" does not match original host "${this.#host}"`,
    );
  }

  #checkRealm(text: string): URL {
    const realm = URL.parse(text);
    if (realm === null || (realm.protocol !== "https:" && realm.protocol !== "http:"))
      throw this.foreignRealm();
    const allowed = [
      this.#host,
      ...(knownRealms[this.#host] ?? []),
      ...(this.#options.realms[this.#host] ?? []),
    ];
    const downgraded = this.#origin.startsWith("https:") && realm.protocol !== "https:";
    if (!allowed.includes(realm.host) || downgraded) throw this.foreignRealm(realm.host);
    realm.username = "";
    realm.password = "";
    return realm;
  }
}

function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function readToken(text: string, host: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RegistryError(
      "RESPONSE_INVALID",
      `The token service at ${host} answered with something that is no JSON`,
      { cause: error },
    );
  }
  if (typeof value !== "object" || value === null) return "";
  // Both names are in use; the specification of Docker's token service allows either.
  const token =
    ("token" in value ? value.token : undefined) ??
    ("access_token" in value ? value.access_token : undefined);
  return typeof token === "string" ? token : "";
}

export function accessDenied(): RegistryError {
  return new RegistryError("UNAUTHORIZED", "unauthorized: access denied");
}
