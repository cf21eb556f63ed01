import { codeOfStatus, PunaError } from "./errors.ts";
import { defaultHost, resolveHost, withoutCredentials } from "./host.ts";
import { AbortableAsyncIterator, textOf } from "./stream.ts";

/** What `fetch` takes as a body; by this name because not every library of types has `BodyInit`. */
export type RequestBody = NonNullable<RequestInit["body"]>;

/** Limits and extras of one call; each wins over the client's own. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for an answer: of a stream its beginning, else all of it. Absent = no limit; loading a model takes time. */
  readonly timeoutMs?: number | undefined;
  /** Longest silence between two messages of a stream. Absent = no limit. */
  readonly idleTimeoutMs?: number | undefined;
  /** Further tries of calls that change nothing (lists, show, embeddings), after a broken connection or a busy server. */
  readonly retries?: number | undefined;
  readonly headers?: RequestInit["headers"];
}

export interface TransportOptions extends Omit<CallOptions, "signal"> {
  readonly host?: string | undefined;
  readonly fetch?: typeof fetch | undefined;
  /** Send to paths of the page's own origin, where something passes them on; `host` is not used. */
  readonly proxy?: boolean | undefined;
}

export interface Call extends CallOptions {
  readonly method: "GET" | "HEAD" | "POST" | "DELETE";
  /** Below the host, or a whole URL. */
  readonly path: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly body?: RequestBody | undefined;
  readonly isIdempotent?: boolean;
  /** Statuses that are an answer, not an error. */
  readonly accept?: readonly number[];
}

const firstRetryDelayMs = 100;
const maxRetryDelayMs = 5_000;

/** Sends requests and turns whatever goes wrong into a `PunaError`. */
export class Transport {
  readonly host: string;
  readonly #options: TransportOptions;
  readonly #fetch: typeof fetch;
  readonly #streams = new Set<AbortableAsyncIterator<object>>();

  constructor(options: TransportOptions = {}) {
    this.#options = options;
    this.host = options.proxy === true ? "" : resolveHost(options.host ?? defaultHost);
    // Looked up at each call, and called as a plain function: browsers refuse `fetch` with another `this`.
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
  }

  /** Ends every stream that is under way. */
  abortStreams(): void {
    for (const stream of this.#streams) stream.abort();
  }

  async json<T>(call: Call): Promise<T> {
    return this.#send(call, async (response) => {
      try {
        // The server's types are taken on trust: checking them would put every schema into the bundle.
        return (await response.json()) as T;
      } catch (cause) {
        if (!(cause instanceof SyntaxError)) throw cause;
        throw new PunaError(
          "INVALID_RESPONSE",
          `${describe(call)} was answered with something that is not JSON`,
          { cause },
        );
      }
    });
  }

  /** For answers without a body of interest. */
  async status(call: Call): Promise<number> {
    return this.#send(call, async (response) => {
      await response.body?.cancel();
      return response.status;
    });
  }

  async stream<T extends object>(call: Call): Promise<AbortableAsyncIterator<T>> {
    const controller = new AbortController();
    const abort = () => controller.abort(call.signal?.reason);
    if (call.signal?.aborted) abort();
    call.signal?.addEventListener("abort", abort, { once: true });
    const unlink = () => call.signal?.removeEventListener("abort", abort);
    try {
      const body = await this.#send({ ...call, signal: controller.signal }, async (response) => {
        if (response.body === null)
          throw new PunaError("INVALID_RESPONSE", `${describe(call)} was answered without a body`);
        return response.body;
      });
      const iterator = new AbortableAsyncIterator<T>({
        body,
        controller,
        idleTimeoutMs: call.idleTimeoutMs ?? this.#options.idleTimeoutMs,
        onEnd: () => {
          unlink();
          this.#streams.delete(iterator);
        },
      });
      this.#streams.add(iterator);
      return iterator;
    } catch (error) {
      unlink();
      throw error;
    }
  }

  async #send<T>(call: Call, read: (response: Response) => Promise<T>): Promise<T> {
    const retries = call.isIdempotent === true ? (call.retries ?? this.#options.retries ?? 2) : 0;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#sendOnce(call, read);
      } catch (error) {
        if (attempt >= retries || !isWorthAnotherTry(error)) throw error;
        await sleep(retryDelayMs(attempt, error), call.signal);
      }
    }
  }

  async #sendOnce<T>(call: Call, read: (response: Response) => Promise<T>): Promise<T> {
    const timeoutMs = call.timeoutMs ?? this.#options.timeoutMs;
    const controller = new AbortController();
    const abort = () => controller.abort(call.signal?.reason);
    if (call.signal?.aborted) abort();
    call.signal?.addEventListener("abort", abort, { once: true });
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            controller.abort(new PunaError("TIMEOUT", `${describe(call)} took longer than ${timeoutMs} ms`));
          }, timeoutMs);
    let isStreaming = false;
    try {
      const response = await this.#fetch(this.#urlOf(call), this.#initOf(call, controller.signal));
      if (!response.ok && call.accept?.includes(response.status) !== true) throw await errorOf(response);
      const value = await read(response);
      isStreaming = value === response.body;
      return value;
    } catch (error) {
      if (controller.signal.aborted) throw controller.signal.reason;
      if (PunaError.is(error)) throw error;
      throw new PunaError(
        "CONNECTION_FAILED",
        `${describe(call)} got no answer from ${this.#shownHost()}: ${reasonOf(error)}${isNobodyThere(error) ? "; start the server ('puna serve'), or give the address of another as host" : ""}`,
        { cause: error },
      );
    } finally {
      clearTimeout(timer);
      // The body of a stream is still to come: its signal stays connected.
      if (!isStreaming) call.signal?.removeEventListener("abort", abort);
    }
  }

  #urlOf(call: Call): string {
    return call.path.includes("://") ? call.path : this.host + call.path;
  }

  #initOf(call: Call, signal: AbortSignal): RequestInit {
    const headers = new Headers({ accept: "application/json" });
    if (call.json !== undefined) headers.set("content-type", "application/json");
    for (const given of [this.#options.headers, call.headers]) {
      new Headers(given).forEach((value, name) => {
        headers.set(name, value);
      });
    }
    const body = call.json === undefined ? call.body : JSON.stringify(call.json);
    return {
      method: call.method,
      headers,
      signal,
      ...(body !== undefined && { body }),
      // Required by the standard for bodies that are streams, which are sent while they are read.
      ...(body instanceof ReadableStream && { duplex: "half" }),
    };
  }

  #shownHost(): string {
    return withoutCredentials(this.host) || "this origin";
  }
}

async function errorOf(response: Response): Promise<PunaError> {
  const text = await response.text().catch(() => "");
  const { status } = response;
  const message = errorTextOf(text) || `Error ${status}: ${response.statusText}`;
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  return new PunaError(codeOfStatus(status), message, {
    details: { status, ...(Number.isFinite(retryAfter) && { retryAfterMs: retryAfter * 1000 }) },
  });
}

function errorTextOf(body: string): string {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null && "error" in value) return textOf(value.error);
  } catch {
    // Not JSON: the text itself is the message, as with `404 page not found`.
  }
  return body.trim().slice(0, 2000);
}

function describe(call: Call): string {
  return `${call.method} ${call.path}`;
}

/** The innermost message of a failed fetch, such as `connect ECONNREFUSED 127.0.0.1:11434`. */
function reasonOf(error: unknown): string {
  let reason = String(error);
  for (
    let current = error, depth = 0;
    current instanceof Error && depth < 5;
    current = current.cause, depth++
  ) {
    reason = current.message || ("code" in current ? String(current.code) : reason);
  }
  return reason;
}

function isWorthAnotherTry(error: unknown): boolean {
  if (!PunaError.is(error)) return false;
  if (error.code === "CONNECTION_FAILED") return !isNobodyThere(error);
  return error.code === "BUSY" || error.status === 502 || error.status === 504;
}

/** A server that is not there will not be there in a moment; saying so at once lets the caller start one. */
function isNobodyThere(error: unknown): boolean {
  for (
    let current = error, depth = 0;
    current instanceof Error && depth < 6;
    current = current.cause, depth++
  ) {
    if ("code" in current && (current.code === "ECONNREFUSED" || current.code === "ENOTFOUND")) return true;
  }
  return false;
}

function retryDelayMs(attempt: number, error: unknown): number {
  const asked = PunaError.is(error) ? error.details["retryAfterMs"] : undefined;
  const backoff = firstRetryDelayMs * 2 ** attempt * (1 + Math.random());
  return Math.min(maxRetryDelayMs, typeof asked === "number" ? asked : backoff);
}

async function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
