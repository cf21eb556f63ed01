import { CodedError } from "@puna/protocol/errors";
import type { Dependencies } from "../dependencies.ts";
import { ApiError } from "../errors.ts";
import type { ApiKeyGrant, ApiKeys } from "./api-keys.ts";
import type { ApiRequest } from "./api-request.ts";
import { errorReply } from "./error-reply.ts";
import { isCanceled, toApiFailure } from "./error-status.ts";
import type { HostDecision } from "./host-policy.ts";
import { contentTypes, emptyReply } from "./json-reply.ts";
import type { originPolicy } from "./origin-policy.ts";
import { type Reply, withHeaders } from "./reply.ts";
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
): (request: ApiRequest, origin?: { readonly isTrusted: boolean }) => Promise<Reply> {
  const { dependencies, table, prefix, running } = options;
  const { logger, metrics, now } = dependencies;
  return async (request, { isTrusted } = { isTrusted: false }) => {
    const arrivedAtMs = now();
    const id = newRequestId();
    const path = request.path.startsWith(prefix) ? request.path.slice(prefix.length) || "/" : request.path;
    const match = table.match(request.method, path);
    const routeName = match.type === "found" ? match.route.path : match.type;
    metrics.requestBegan();
    const outcome: Outcome = {};
    const abort = new AbortController();
    running.begin(abort);
    const reply = await respond(options, { request, match, id, arrivedAtMs, outcome, abort, isTrusted });
    const { status } = reply;
    const ended = () => {
      running.end(abort);
      const ms = now() - arrivedAtMs;
      metrics.requestEnded(routeName, status, ms);
      logEnd(logger, outcome.error, { id, method: request.method, path: request.path, status, ms });
    };
    // A reply that is in memory is as good as sent.
    if (outcome.streamEnd === undefined) ended();
    else void outcome.streamEnd.then(ended);
    return withHeaders(reply, { "x-request-id": id });
  };
}

/** What becomes of a request besides its reply. */
interface Outcome {
  /** What went wrong, early or late. */
  error?: unknown;
  /** Of a reply that goes on after it was returned. */
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

interface Incoming {
  readonly request: ApiRequest;
  readonly match: RouteMatch;
  readonly id: string;
  readonly arrivedAtMs: number;
  readonly outcome: Outcome;
  readonly abort: AbortController;
  /** Comes from the program itself, which may do everything. */
  readonly isTrusted: boolean;
}

async function respond(options: HandlerOptions, incoming: Incoming): Promise<Reply> {
  const { request, match } = incoming;
  if (match.type === "broken") return plainText(400, "400 Bad Request", {}, "text/plain; charset=utf-8");
  if (match.type === "redirect")
    return redirect(match, `${options.prefix}${escapePath(match.location)}${request.search}`, request.method);
  const allow: Record<string, string> = match.type === "wrong-method" ? { Allow: match.allow } : {};
  const { host } = request;
  const decision = options.decideOrigin({
    origin: request.header("origin"),
    host,
    isPreflight: request.method === "OPTIONS",
  });
  if (decision.type === "refuse") return emptyReply(403, allow);
  if (decision.type === "preflight") return emptyReply(204, { ...allow, ...decision.headers });
  const hostDecision = options.decideHost(host);
  const extra = decision.type === "allow" ? decision.headers : {};
  if (hostDecision === "refused") return emptyReply(403, { ...allow, ...extra });
  if (request.method === "OPTIONS" && hostDecision === "name") return emptyReply(204, { ...allow, ...extra });
  return withHeaders(await dispatch(options, incoming), extra);
}

async function dispatch(
  options: HandlerOptions,
  { request, match, id, arrivedAtMs, outcome, abort, isTrusted }: Incoming,
): Promise<Reply> {
  if (match.type === "wrong-method") return plainText(405, "405 method not allowed", { Allow: match.allow });
  if (match.type !== "found") return plainText(404, "404 page not found");
  const { route, params } = match;
  const family = route.familyOf?.(request) ?? route.family;
  if (options.running.isClosing) {
    return errorReply(new ApiError("UNAVAILABLE", "the server is shutting down"), family, id);
  }
  let isWatched = false;
  const warnings: string[] = [];
  try {
    const grant = isTrusted ? undefined : options.keys.authorize(request, route.verb);
    const context: RequestContext = {
      request,
      params,
      id,
      abort,
      // The client is watched when somebody asks: most requests end at once and never do.
      get signal() {
        if (!isWatched) request.onGone((reason) => abort.abort(reason));
        isWatched = true;
        return abort.signal;
      },
      arrivedAtMs,
      maxBodyBytes: options.maxBodyBytes,
      ...(grant !== undefined && { clientId: grant.name }),
      warn: (warning) => warnings.push(warning),
      requireModelAccess: (model) => requireModelAccess(grant, model),
      reportLate: (error) => {
        outcome.error = error;
      },
      beginStream: () => {
        const { promise, resolve } = Promise.withResolvers<void>();
        outcome.streamEnd = promise;
        return resolve;
      },
    };
    return withWarnings(await handle(route, context), warnings);
  } catch (error) {
    outcome.error = error;
    const reply = withWarnings(errorReply(error, family, id), warnings);
    return request.method === "HEAD" ? emptyReply(reply.status, reply.headers) : reply;
  }
}

async function handle(route: Route, context: RequestContext): Promise<Reply> {
  if (context.request.method !== "HEAD") return route.handle(context);
  if (route.head !== undefined) return route.head(context);
  const { status, headers } = await route.handle(context);
  return emptyReply(status, headers);
}

function withWarnings(reply: Reply, warnings: readonly string[]): Reply {
  return warnings.length === 0 ? reply : withHeaders(reply, { "x-puna-warnings": toHeader(warnings) });
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
): Reply {
  const words = status === 301 ? "Moved Permanently" : "Temporary Redirect";
  const body =
    method === "GET"
      ? `<a href="${target.replaceAll("&", "&amp;").replaceAll('"', "&#34;")}">${words}</a>.\n\n`
      : undefined;
  const hasType = method === "GET" || method === "HEAD";
  return {
    status,
    headers: { Location: target, ...(hasType && { "Content-Type": contentTypes.html }) },
    ...(body !== undefined && { body }),
  };
}

function plainText(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
  type: string = contentTypes.text,
): Reply {
  return { status, headers: { ...headers, "Content-Type": type }, body: text };
}

/** Headers carry printable ASCII only. */
function toHeader(warnings: readonly string[]): string {
  return [...new Set(warnings)]
    .join("; ")
    .replace(/[^\x20-\x7e]/g, "?")
    .slice(0, maxWarningBytes);
}
