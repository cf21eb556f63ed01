import type { RequestListener } from "node:http";
import type { Store } from "@puna/blob-store";
import type { Engine, ModelLoadOptions } from "@puna/engine";
import type { RegistryClient } from "@puna/registry-client";
import { Hono } from "hono";
import { anthropicRoutes } from "./compat/anthropic/routes.ts";
import { openAiRoutes } from "./compat/openai/routes.ts";
import { rerankRoutes } from "./compat/rerank/routes.ts";
import type { Dependencies, Logger, ProbeDevices, Quantizer, ServerSettings } from "./dependencies.ts";
import { type ApiKeyRecord, ApiKeys } from "./http/api-keys.ts";
import { fromFetch } from "./http/api-request.ts";
import { type BindAddress, hostPolicy, isLoopback } from "./http/host-policy.ts";
import { nodeListener } from "./http/node-listener.ts";
import { originPolicy } from "./http/origin-policy.ts";
import { toResponse } from "./http/reply.ts";
import { requestHandler } from "./http/request-handler.ts";
import type { Route } from "./http/route.ts";
import { RouteTable } from "./http/route-table.ts";
import { RunningRequests } from "./http/running-requests.ts";
import { ModelCatalog } from "./models/model-catalog.ts";
import { Metrics } from "./observe/metrics.ts";
import { archiveRoutes } from "./routes/archive.ts";
import { blobRoute } from "./routes/blobs.ts";
import { chatRoute } from "./routes/chat.ts";
import { cloudRoutes } from "./routes/cloud.ts";
import { createRoute } from "./routes/create.ts";
import { embeddingsRoute, embedRoute } from "./routes/embed.ts";
import { generateRoute } from "./routes/generate.ts";
import { type KeyRoutesOptions, keyRoutes, type SaveApiKeys } from "./routes/keys.ts";
import { copyRoute, deleteRoute } from "./routes/manage.ts";
import { operationRoutes } from "./routes/operation.ts";
import { readOnlyRoutes } from "./routes/read-only.ts";
import { showRoute } from "./routes/show.ts";
import { storeRoutes } from "./routes/store.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { pullRoute, pushRoute } from "./routes/transfer.ts";
import { LoadedBlobs } from "./services/loaded-blobs.ts";

export interface ServerOptions {
  readonly store: Store;
  readonly engine: Engine;
  /** `createRegistryClient(…)`. */
  readonly registry: Pick<RegistryClient, "pull" | "push" | "restore">;
  /** Absent: `create` with `quantize` is refused. */
  readonly quantizer?: Quantizer;
  /** `() => probeEngine()`; absent: `/api/puna/devices` answers 501. */
  readonly probeDevices?: ProbeDevices;
  /** Of this program; `/api/version` says it beside Ollama's. */
  readonly version: string;
  /** Absent: silent. */
  readonly logger?: Logger;
  /** Milliseconds since the epoch; absent: the system's clock. */
  readonly now?: () => number;
  /** How long models stay loaded, ms; -1 = forever; default 5 minutes. */
  readonly keepAliveMs?: number;
  /** Context of models that say nothing themselves, in tokens; absent: chosen by the engine. */
  readonly contextLength?: number;
  /** Further defaults of every load. */
  readonly load?: ModelLoadOptions;
  /** Whether Go templates are used; absent: where they can do more than the GGUF's own. */
  readonly goTemplates?: boolean;
  /** Origins that browsers may call from, beside this machine's. */
  readonly allowedOrigins?: readonly string[];
  /** Where the server listens; absent: nowhere (mounted in another server, or in-process). */
  readonly bind?: BindAddress;
  /** Required on addresses that others can reach, unless `allowUnauthenticated`. */
  readonly apiKeys?: readonly ApiKeyRecord[];
  /** Keeps keys that were added or removed over HTTP; absent: they cannot be. */
  readonly saveApiKeys?: SaveApiKeys;
  /** Serve others without keys. */
  readonly allowUnauthenticated?: boolean;
  /** Largest JSON body, bytes; default 256 MiB, room for many pictures. */
  readonly maxBodyBytes?: number;
  /** Path below which the routes are, such as `/ai`. */
  readonly prefix?: string;
  /** Leave layers that nothing refers to any more after `create`, for a later prune. */
  readonly keepReplacedLayers?: boolean;
  /** How long disposal waits for running replies before it ends them, ms; default 0. */
  readonly drainMs?: number;
  /** What `/api/status` says about Ollama's cloud, which is never used. */
  readonly cloudSwitch?: ServerSettings["cloudSwitch"];
}

/** The whole API as a Hono app: `fetch` answers a request, `route` and `mount` put it into another app. */
export interface PunaServer extends Hono, AsyncDisposable {
  /**
   * Answers a request of this very program without asking for an API key. Never hand it what came over a network.
   */
  trustedFetch(request: Request): Promise<Response>;
  /**
   * Answers requests of `node:http`, and of whatever passes them on unread: `createServer(server.nodeListener)`,
   * `app.use("/llm", server.nodeListener)` in Express. Without the detour over `Request` and `Response`.
   */
  readonly nodeListener: RequestListener;
}

/** Asking takes a child process, and devices change rarely. */
const devicesFreshMs = 5_000;

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const fiveMinutesMs = 300_000;
const defaultMaxBodyBytes = 256 * 1024 * 1024;

/**
 * Puts a server together. It reads no environment and opens no port.
 * Disposing it rejects new requests and ends running ones after `drainMs`; store, engine and registry stay their
 * owner's.
 * @throws RangeError for origins that can never match, and for an address others can reach without keys
 */
export function createServer(options: ServerOptions): PunaServer {
  const { store, engine, registry, logger = silent, now = Date.now } = options;
  requireKeys(options);
  const metrics = new Metrics(engine);
  const dependencies: Dependencies = {
    store,
    engine,
    registry,
    quantizer: options.quantizer,
    probeDevices: options.probeDevices && remembered(options.probeDevices, now),
    catalog: new ModelCatalog(store, {
      goTemplates: toGoTemplateSetting(options.goTemplates),
      version: options.version,
    }),
    loadedBlobs: new LoadedBlobs(store, engine),
    logger,
    metrics,
    settings: {
      keepAliveMs: options.keepAliveMs ?? fiveMinutesMs,
      load: { ...options.load, ...(options.contextLength && { contextTokens: options.contextLength }) },
      keepReplacedLayers: options.keepReplacedLayers ?? false,
      cloudSwitch: options.cloudSwitch ?? "none",
    },
    now,
  };
  const keys = new ApiKeys(options.apiKeys ?? [], now);
  const running = new RunningRequests();
  const handle = requestHandler({
    dependencies,
    table: new RouteTable(
      allRoutes(dependencies, options.version, {
        keys,
        save: options.saveApiKeys,
        areRequired: areKeysRequired(options),
      }),
    ),
    decideHost: hostPolicy(options.bind ?? {}),
    decideOrigin: originPolicy(options.allowedOrigins ?? []),
    keys,
    maxBodyBytes: options.maxBodyBytes ?? defaultMaxBodyBytes,
    prefix: options.prefix ?? "",
    running,
  });
  const app = new Hono();
  const fetch = async (request: Request) => toResponse(await handle(fromFetch(request)));
  app.all("*", (context) => fetch(context.req.raw));
  return Object.assign(app, {
    // What Hono would do, without its router: there is one route.
    fetch,
    trustedFetch: async (request: Request) =>
      toResponse(await handle(fromFetch(request), { isTrusted: true })),
    nodeListener: nodeListener(handle),
    [Symbol.asyncDispose]: async () => {
      await running.close(options.drainMs ?? 0);
      metrics[Symbol.dispose]();
    },
  });
}

function allRoutes(dependencies: Dependencies, version: string, keyOptions: KeyRoutesOptions): Route[] {
  const routes = [
    ...readOnlyRoutes(dependencies, version),
    showRoute(dependencies),
    chatRoute(dependencies),
    generateRoute(dependencies),
    embedRoute(dependencies),
    embeddingsRoute(dependencies),
    pullRoute(dependencies),
    pushRoute(dependencies),
    createRoute(dependencies),
    copyRoute(dependencies),
    deleteRoute(dependencies),
    blobRoute(dependencies),
    ...cloudRoutes(),
    ...openAiRoutes(dependencies),
    ...anthropicRoutes(dependencies),
    ...rerankRoutes(dependencies),
    ...tokenRoutes(dependencies),
    ...storeRoutes(dependencies),
    ...archiveRoutes(dependencies),
    ...keyRoutes(keyOptions),
  ];
  return [...routes, ...operationRoutes(dependencies, version, routes)];
}

function areKeysRequired({ bind, allowUnauthenticated = false }: ServerOptions): boolean {
  return bind?.address !== undefined && !isLoopback(bind.address) && !allowUnauthenticated;
}

function requireKeys(options: ServerOptions): void {
  if (!areKeysRequired(options) || (options.apiKeys ?? []).length > 0) return;
  throw new RangeError(
    `${options.bind?.address} can be reached by others and there are no API keys; add keys, or say that everyone may use the server`,
  );
}

/** The same answer for a while; failures are not kept. */
function remembered(probe: ProbeDevices, now: () => number): ProbeDevices {
  let last: { readonly atMs: number; readonly answer: ReturnType<ProbeDevices> } | undefined;
  return () => {
    if (last === undefined || now() - last.atMs > devicesFreshMs) {
      last = { atMs: now(), answer: probe() };
      last.answer.catch(() => {
        last = undefined;
      });
    }
    return last.answer;
  };
}

function toGoTemplateSetting(wanted: boolean | undefined) {
  if (wanted === undefined) return "auto";
  return wanted ? "always" : "never";
}
