import { CodedError } from "@puna/protocol/errors";
import type { Dependencies } from "../dependencies.ts";
import { ApiError } from "../errors.ts";
import type { ApiKeyGrant, ApiKeys } from "./api-keys.ts";
import { errorResponse } from "./error-response.ts";
import { isCanceled, toApiFailure } from "./error-status.ts";
import type { HostDecision } from "./host-policy.ts";
import { contentTypes, emptyResponse } from "./json-response.ts";
import type { originPolicy } from "./origin-policy.ts";
import { newRequestId } from "./request-id.ts";
import type { RequestContext, Route } from "./route.ts";
import type { RouteMatch, RouteTable } from "./route-table.ts";
import type { RunningRequests } from "./running-requests.ts";

export interface HandlerOptions {
  readonly dependencies: Pick<Dependencies, "logger" | "metrics" | "now">;
  readonly table: RouteTable;
  readonly decideHost: (host: string | undefined) => HostDecision;
  readonly decideOrigin: ReturnType<typeof originPolicy>;
  readonly keys: ApiKeys;
  readonly maxBodyBytes: number;
  /** Path below which all routes are mounted, without a slash at its end. */
  readonly prefix: string;
  readonly running: RunningRequests;
}

/** Longest list of warnings that a header carries. */
const maxWarningBytes = 2048;

/**
 * Takes one request through guards, route and bookkeeping, in Ollama's order: stray slashes, cross-origin rules, host,
 * key, route. Never throws.
 */
export function requestHandler(
  options: HandlerOptions,
): (request: Request, origin?: { readonly isTrusted: boolean }) => Promise<Response> {
  const { dependencies, table, prefix, running } = options;
  const { logger, metrics, now } = dependencies;
  return async (request, { isTrusted } = { isTrusted: false }) => {
    const arrivedAtMs = now();
    const id = newRequestId();
    const url = urlOf(request);
    const path = url.pathname.startsWith(prefix) ? url.pathname.slice(prefix.length) || "/" : url.pathname;
    const match = table.match(request.method, path);
    const routeName = match.type === "found" ? match.route.path : match.type;
    metrics.requestBegan();
    const reply: Reply = {};
    const abort = new AbortController();
    running.begin(abort);
    const response = await respond(options, {
      request,
      url,
      match,
      id,
      arrivedAtMs,
      reply,
      abort,
      isTrusted,
    });
    response.headers.set("x-request-id", id);
    const { status } = response;
    const ended = () => {
      running.end(abort);
      const ms = now() - arrivedAtMs;
      metrics.requestEnded(routeName, status, ms);
      logEnd(logger, reply.error, { id, method: request.method, path: url.pathname, status, ms });
    };
    // A reply that is in memory is as good as sent.
    if (reply.streamEnd === undefined) ended();
    else void reply.streamEnd.then(ended);
    return response;
  };
}

/** What becomes of a reply besides the response. */
interface Reply {
  /** What went wrong, early or late. */
  error?: unknown;
  /** Of a response that goes on after it was returned. */
  streamEnd?: Promise<void>;
}

function logEnd(
  logger: Dependencies["logger"],
  error: unknown,
  fields: Readonly<Record<string, unknown>>,
): void {
  if (error === undefined) {
    logger.info("request", fields);
    return;
  }
  const { message, code } = toApiFailure(error);
  const failed = { ...fields, error: message, code };
  if (isCanceled(error)) logger.info("request", failed);
  else if (error instanceof CodedError) logger.warn("request failed", failed);
  // What nobody expected goes to the log whole; what was thrown on purpose has said enough.
  else logger.error("request failed", error instanceof Error ? { ...failed, stack: error.stack } : failed);
}

/** Servers that mount this one may build the URL of a host that none can have; the guards look at the header. */
function urlOf({ url }: Request): URL {
  return URL.parse(url) ?? new URL(url.replace(/^([a-z]+:\/\/)[^/?#]*/i, "$1localhost"));
}

interface Incoming {
  readonly request: Request;
  readonly url: URL;
  readonly match: RouteMatch;
  readonly id: string;
  readonly arrivedAtMs: number;
  readonly reply: Reply;
  readonly abort: AbortController;
  /** Comes from the program itself, which may do everything. */
  readonly isTrusted: boolean;
}

async function respond(options: HandlerOptions, incoming: Incoming): Promise<Response> {
  const { request, url, match } = incoming;
  if (match.type === "broken") return plainText(400, "400 Bad Request", {}, "text/plain; charset=utf-8");
  if (match.type === "redirect")
    return redirect(match, `${options.prefix}${escapePath(match.location)}${url.search}`, request.method);
  const allow: Record<string, string> = match.type === "wrong-method" ? { Allow: match.allow } : {};
  const host = request.headers.get("host") ?? url.host;
  const decision = options.decideOrigin({
    origin: request.headers.get("origin") ?? undefined,
    host,
    isPreflight: request.method === "OPTIONS",
  });
  if (decision.type === "refuse") return emptyResponse(403, allow);
  if (decision.type === "preflight") return emptyResponse(204, { ...allow, ...decision.headers });
  const hostDecision = options.decideHost(host);
  const extra = decision.type === "allow" ? decision.headers : {};
  if (hostDecision === "refused") return emptyResponse(403, { ...allow, ...extra });
  if (request.method === "OPTIONS" && hostDecision === "name")
    return emptyResponse(204, { ...allow, ...extra });
  const response = await dispatch(options, incoming);
  for (const [name, value] of Object.entries(extra)) response.headers.set(name, value);
  return response;
}

async function dispatch(
  options: HandlerOptions,
  { request, match, id, arrivedAtMs, reply, abort, isTrusted }: Incoming,
): Promise<Response> {
  if (match.type === "wrong-method") return plainText(405, "405 method not allowed", { Allow: match.allow });
  if (match.type !== "found") return plainText(404, "404 page not found");
  const { route, params } = match;
  const family = route.familyOf?.(request) ?? route.family;
  if (options.running.isClosing) {
    return errorResponse(new ApiError("UNAVAILABLE", "the server is shutting down"), family, id);
  }
  let signal: AbortSignal | undefined;
  const warnings: string[] = [];
  try {
    const grant = isTrusted ? undefined : options.keys.authorize(request, route.verb);
    const context: RequestContext = {
      request,
      params,
      id,
      abort,
      // Made when it is asked for: most requests end at once and never look at it.
      get signal() {
        signal ??= AbortSignal.any([abort.signal, request.signal]);
        return signal;
      },
      arrivedAtMs,
      maxBodyBytes: options.maxBodyBytes,
      ...(grant !== undefined && { clientId: grant.name }),
      warn: (warning) => warnings.push(warning),
      requireModelAccess: (model) => requireModelAccess(grant, model),
      reportLate: (error) => {
        reply.error = error;
      },
      beginStream: () => {
        const { promise, resolve } = Promise.withResolvers<void>();
        reply.streamEnd = promise;
        return resolve;
      },
    };
    const response = await handle(route, context);
    if (warnings.length > 0) response.headers.set("x-puna-warnings", toHeader(warnings));
    return response;
  } catch (error) {
    reply.error = error;
    const response = errorResponse(error, family, id);
    if (warnings.length > 0) response.headers.set("x-puna-warnings", toHeader(warnings));
    return request.method === "HEAD" ? new Response(null, response) : response;
  }
}

async function handle(route: Route, context: RequestContext): Promise<Response> {
  if (context.request.method !== "HEAD") return route.handle(context);
  if (route.head !== undefined) return route.head(context);
  const response = await route.handle(context);
  await response.body?.cancel();
  return new Response(null, response);
}

function requireModelAccess(grant: ApiKeyGrant | undefined, model: string): void {
  if (grant === undefined || grant.allowsModel(model)) return;
  throw new ApiError("FORBIDDEN", `this API key is not for model ${JSON.stringify(model)}`);
}

/** As it stands in a header: unescaped, a backslash and line feeds would lead elsewhere, and other letters nowhere. */
function escapePath(path: string): string {
  return encodeURI(path).replace(/[?#]/g, encodeURIComponent);
}

/** Go tells the type of a body only to methods that may get one. */
function redirect(
  { status }: Extract<RouteMatch, { type: "redirect" }>,
  target: string,
  method: string,
): Response {
  const words = status === 301 ? "Moved Permanently" : "Temporary Redirect";
  const body =
    method === "GET"
      ? `<a href="${target.replaceAll("&", "&amp;").replaceAll('"', "&#34;")}">${words}</a>.\n\n`
      : null;
  const hasType = method === "GET" || method === "HEAD";
  return new Response(body, {
    status,
    headers: { Location: target, ...(hasType && { "Content-Type": contentTypes.html }) },
  });
}

function plainText(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
  type: string = contentTypes.text,
): Response {
  return new Response(text, { status, headers: { ...headers, "Content-Type": type } });
}

/** Headers carry printable ASCII only. */
function toHeader(warnings: readonly string[]): string {
  return [...new Set(warnings)]
    .join("; ")
    .replace(/[^\x20-\x7e]/g, "?")
    .slice(0, maxWarningBytes);
}
