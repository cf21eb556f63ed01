import { isIP } from "node:net";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { Agent, buildConnector, type Dispatcher, ProxyAgent } from "undici";
import { RegistryError } from "../errors.ts";
import { bigReads } from "./big-reads.ts";
import { guardConnector, type Resolve, resolveBySystem } from "./guarded-connector.ts";
import type { ConnectionGuard, HttpRequest, HttpResponse, HttpTransport } from "./http-transport.ts";
import { type ProxySettings, selectProxy } from "./proxy-settings.ts";

export interface UndiciTransportOptions {
  readonly proxy?: ProxySettings;
  /** PEM certificates to trust beside the system's */
  readonly certificateAuthority?: string | readonly string[];
  /** no byte, or next to none, for so long: the connection is given up. Also before the first byte. */
  readonly stallMs?: number;
  /** connections to one host */
  readonly maxConnections?: number;
  /** opens sockets in place of the built-in connector; tests record and refuse with it */
  readonly connector?: buildConnector.connector;
  /** looks names up in place of the system */
  readonly resolve?: Resolve;
}

/** A connection slower than this for a whole stall interval counts as stalled: a slow loris, or a dead proxy. */
const minBytesPerSecond = 256;
/** Certificates and protocols stay what they are: trying again would only make the user wait. */
const tlsFailures = /^(ERR_SSL_|ERR_TLS_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|EPROTO$)/;
/** What a line that garbles or cuts a connection looks like from above. */
const brokenTls = /bad.record.mac|unexpected.eof/i;
const plainHttpAnswers =
  /^(ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST) |EPROTO .*(wrong version number|packet length too long|http request))/s;
const putPatience = 10;
const shortBodyBytes = 16 * 1024;
const defaultStallMs = 30_000;

/** HTTP/1.1 with pooled connections; each address is checked by the request's guard before it is connected to. */
export function createUndiciTransport(options: UndiciTransportOptions = {}): HttpTransport {
  const stallMs = options.stallMs ?? defaultStallMs;
  const dispatchers = new Map<string, Dispatcher>();
  const connector = options.connector ?? builtInConnector(options, stallMs);

  const dispatcherFor = (url: URL, guard: ConnectionGuard): Dispatcher => {
    const proxy = selectProxy(url, options.proxy ?? {});
    const key = proxy === undefined ? `direct ${guard.key}` : `proxy ${proxy}`;
    const known = dispatchers.get(key);
    if (known !== undefined) return known;
    const made =
      proxy === undefined
        ? directAgent(options, { guard, connector, stallMs })
        : proxyAgent(options, proxy, stallMs);
    dispatchers.set(key, made);
    return made;
  };

  return {
    async request(request) {
      request.signal.throwIfAborted();
      // Literal addresses are refused even behind a proxy; names are the proxy's business there.
      const host = request.url.hostname.replace(/^\[|\]$/g, "");
      if (isIP(host) !== 0) request.guard.check(request.url.host, host);
      return await exchange(dispatcherFor(request.url, request.guard), request, stallMs);
    },
    async close() {
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
    },
  };
}

function agentOptions(options: UndiciTransportOptions, stallMs: number) {
  return {
    connections: options.maxConnections ?? 32,
    pipelining: 1,
    // Stalls are watched here, exactly and with a least speed.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 10_000,
    maxHeaderSize: 64 * 1024,
    connectTimeout: stallMs,
  };
}

/**
 * Node's certificates and the system's, and those of the options. Made once for all connections of an agent, since
 * reading hundreds of certificates takes longer than connecting.
 */
function trustedCertificates({ certificateAuthority = [] }: UndiciTransportOptions): SecureContext {
  const ca = [
    ...getCACertificates("default"),
    ...getCACertificates("system"),
    ...[certificateAuthority].flat(),
  ];
  return createSecureContext({ ca: [...new Set(ca)] });
}

/** Certificates are read when the first encrypted connection is opened. */
function builtInConnector(options: UndiciTransportOptions, stallMs: number): buildConnector.connector {
  let secure: buildConnector.connector | undefined;
  return (target, callback) => {
    if (target.protocol !== "https:")
      return buildConnector({ timeout: stallMs, ...bigReads() })(target, callback);
    secure ??= buildConnector({ timeout: stallMs, secureContext: trustedCertificates(options) });
    secure(target, callback);
  };
}

function directAgent(
  options: UndiciTransportOptions,
  parts: {
    readonly guard: ConnectionGuard;
    readonly connector: buildConnector.connector;
    readonly stallMs: number;
  },
): Agent {
  const { guard, connector, stallMs } = parts;
  const connect = guardConnector(connector, guard, options.resolve ?? resolveBySystem);
  return new Agent({ ...agentOptions(options, stallMs), connect });
}

/** Behind a proxy it is the proxy that resolves names: the user's own configuration put it there. */
function proxyAgent(options: UndiciTransportOptions, uri: string, stallMs: number): ProxyAgent {
  const secureContext = trustedCertificates(options);
  return new ProxyAgent({
    uri,
    ...agentOptions(options, stallMs),
    requestTls: { secureContext },
    proxyTls: { secureContext },
  });
}

function exchange(dispatcher: Dispatcher, request: HttpRequest, stallMs: number): Promise<HttpResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  const exchangeState = new Exchange(request, stallMs, { resolve, reject });
  const { url } = request;
  dispatcher.dispatch(
    {
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method,
      // By default connections are closed after HEAD, for servers that send a body all the same.
      reset: false,
      headers: request.headers,
      body: request.body === undefined ? null : toDispatchBody(request.body, exchangeState),
    },
    exchangeState,
  );
  return promise;
}

/** Sending counts as life: an upload that moves is no stall. */
function toDispatchBody(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  exchangeState: Exchange,
): NonNullable<Dispatcher.DispatchOptions["body"]> {
  if (body instanceof Uint8Array) return body;
  async function* watched(source: AsyncIterable<Uint8Array>) {
    for await (const chunk of source) {
      exchangeState.sent(chunk.byteLength);
      yield chunk;
    }
  }
  // undici accepts async iterables as bodies; its types leave that out.
  return watched(body) as unknown as NonNullable<Dispatcher.DispatchOptions["body"]>;
}

/** One request with its answer: undici's callbacks on one side, a response object on the other. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest;
  readonly #stallMs: number;
  readonly #head: {
    readonly resolve: (response: HttpResponse) => void;
    readonly reject: (error: unknown) => void;
  };
  readonly #end = Promise.withResolvers<void>();
  #controller: Dispatcher.DispatchController | undefined;
  #sink: ((chunk: Uint8Array) => Promise<void> | undefined) | undefined;
  #early: Uint8Array[] = [];
  #failure: unknown;
  #ended = false;
  #waitingForSink = 0;
  #movedBytes = 0;
  #timer: NodeJS.Timeout;

  constructor(
    request: HttpRequest,
    stallMs: number,
    head: { readonly resolve: (response: HttpResponse) => void; readonly reject: (error: unknown) => void },
  ) {
    this.#request = request;
    // Closing an upload, a registry hashes or copies all of it before it answers.
    this.#stallMs = request.method === "PUT" ? stallMs * putPatience : stallMs;
    this.#head = head;
    this.#end.promise.catch(() => {});
    this.#timer = setInterval(() => this.#checkStall(), this.#stallMs);
    request.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  sent(bytes: number): void {
    this.#movedBytes += bytes;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure !== undefined) controller.abort(toError(this.#failure));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#movedBytes += minBytesPerSecond * this.#stallMs;
    controller.pause();
    this.#head.resolve({
      status,
      headers: firstValues(headers),
      url: this.#request.url,
      drain: (sink) => this.#drain(sink),
      bytes: (maxBytes) => this.#bytes(maxBytes, headers["content-encoding"]),
      discard: () => this.#discard(Number(headers["content-length"])),
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    // undici's parser hands an empty chunk over at each resume; pausing for it would go on for ever.
    if (chunk.byteLength === 0) return;
    this.#movedBytes += chunk.byteLength;
    if (this.#sink === undefined) {
      this.#early.push(chunk);
      return;
    }
    this.#deliver(controller, this.#sink, chunk);
  }

  onResponseEnd(): void {
    this.#ended = true;
    this.#finish();
    if (this.#sink !== undefined) this.#end.resolve();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  readonly #onAbort = () => this.#fail(this.#request.signal.reason);

  #drain(sink: (chunk: Uint8Array) => Promise<void> | undefined): Promise<void> {
    this.#sink = sink;
    const controller = this.#controller;
    if (controller !== undefined) {
      for (const chunk of this.#early) this.#deliver(controller, sink, chunk);
      this.#early = [];
      if (this.#ended) this.#end.resolve();
      else if (this.#waitingForSink === 0) controller.resume();
    }
    return this.#end.promise;
  }

  /** A short rest is read, so that the connection can be used again; a long one is not worth its bytes. */
  async #discard(bodyBytes: number): Promise<void> {
    if (this.#sink === undefined && (this.#request.method === "HEAD" || bodyBytes <= shortBodyBytes)) {
      // How a body ends that nobody reads does not matter.
      await this.#drain(() => undefined).catch(() => {});
    } else {
      this.#fail(new RegistryError("UNREACHABLE", "The exchange was ended"));
    }
  }

  async #bytes(maxBytes: number, encoding: string | string[] | undefined): Promise<Buffer> {
    if (encoding !== undefined && encoding !== "identity") {
      this.#fail(undefined);
      throw new RegistryError(
        "RESPONSE_INVALID",
        `${this.#request.url.host} sent a compressed answer, which was not asked for`,
      );
    }
    const chunks: Uint8Array[] = [];
    let total = 0;
    await this.#drain((chunk) => {
      total += chunk.byteLength;
      chunks.push(chunk);
      if (total <= maxBytes) return undefined;
      chunks.length = 0;
      throw new RegistryError(
        "RESPONSE_INVALID",
        `${this.#request.url.host} sent more than the ${maxBytes} bytes that are read here`,
      );
    });
    return Buffer.concat(chunks);
  }

  #deliver(
    controller: Dispatcher.DispatchController,
    sink: (chunk: Uint8Array) => Promise<void> | undefined,
    chunk: Uint8Array,
  ): void {
    try {
      const busy = sink(chunk);
      if (busy === undefined) return;
      this.#waitingForSink += 1;
      controller.pause();
      busy.then(
        () => {
          this.#waitingForSink -= 1;
          if (this.#waitingForSink === 0 && !this.#ended) controller.resume();
        },
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Time that the sink takes is no stall of the network. */
  #checkStall(): void {
    const moved = this.#movedBytes;
    this.#movedBytes = 0;
    const idle = this.#sink === undefined && this.#early.length > 0;
    if (this.#waitingForSink > 0 || idle || moved >= (minBytesPerSecond * this.#stallMs) / 1000) return;
    this.#fail(
      new RegistryError(
        "STALLED",
        `${this.#request.url.host} sent nothing for ${Math.round(this.#stallMs / 1000)} s`,
      ),
    );
  }

  #fail(error: unknown): void {
    const failure = this.#describe(error);
    this.#failure ??= failure;
    this.#finish();
    this.#head.reject(failure);
    this.#end.reject(failure);
    this.#controller?.abort(toError(failure));
  }

  #finish(): void {
    clearInterval(this.#timer);
    this.#request.signal.removeEventListener("abort", this.#onAbort);
  }

  #describe(error: unknown): unknown {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#request.signal.aborted) return this.#request.signal.reason;
    if (RegistryError.is(error) || !(error instanceof Error) || !("code" in error)) return error;
    const isLasting =
      tlsFailures.test(String(error.code)) && !brokenTls.test(`${error.code} ${error.message}`);
    // OpenSSL would say this with numbers of its own and lines of its sources.
    const reason = plainHttpAnswers.test(`${error.code} ${error.message}`)
      ? "server gave HTTP response to HTTPS client; a registry that speaks plain HTTP must be asked for as insecure (--insecure)"
      : error.message.trim();
    return new RegistryError(
      "UNREACHABLE",
      `${this.#request.method} ${this.#request.url.origin}${this.#request.url.pathname}: ${reason}`,
      { cause: error, details: isLasting ? { isLasting: true } : {} },
    );
  }
}

function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}

function firstValues(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const first: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const text = Array.isArray(value) ? value[0] : value;
    if (text !== undefined) first[name.toLowerCase()] = text;
  }
  return first;
}
