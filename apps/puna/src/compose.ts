import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { createServer, type PunaServer } from "@puna/api-server";
import { openStore, type Store } from "@puna/blob-store";
import { createEngine, createQuantizer, type Engine, probeEngine } from "@puna/engine";
import { createRegistryClient } from "@puna/registry-client";
import { apiKeyFile, readApiKeys, writeApiKeys } from "./api-key-file.ts";
import type { Config } from "./config.ts";
import type { Logger } from "./logger.ts";
import { registryOptions } from "./registry-options.ts";

/** The parts of a running puna, joined. Disposing ends them in the order in which they depend on each other. */
export interface Parts extends AsyncDisposable {
  readonly store: Store;
  readonly engine: Engine;
  readonly server: PunaServer;
}

export interface ComposeOptions {
  readonly config: Config;
  readonly version: string;
  readonly logger: Logger;
  /** Whether the server will listen; decides which Host headers it believes. */
  readonly listens: boolean;
}

/** Builds store, registry client, engine and server from one configuration. */
export function compose({ config, version, logger, listens }: ComposeOptions): Parts {
  const store = openStore({ modelsDir: config.modelsDir });
  const engine = createEngine({
    maxLoadedModels: config.maxLoadedModels,
    maxQueue: config.maxQueue,
    parallel: config.numParallel,
    keepAliveMs: config.keepAliveMs,
    loadTimeoutMs: config.loadTimeoutMs,
    contextTokens: config.contextLength,
    kvCacheType: config.kvCacheType,
    ...(config.flashAttention === undefined ? {} : { flashAttention: config.flashAttention }),
    memoryLimitBytes: config.memoryLimitBytes,
    gpuOverheadBytes: config.gpuOverheadBytes,
    draftTokens: config.draftTokens,
    // Beside the keys, readable for their owner only: they hold what people wrote.
    ...(config.stateCacheBytes > 0
      ? { stateFolder: join(config.home, "cache", "states"), stateFolderBytes: config.stateCacheBytes }
      : {}),
    driver: config.driver,
    env: config.runnerEnv,
    logger,
  });
  const registry = createRegistryClient({ store, ...registryOptions(config, version) });
  const server = createServer({
    store,
    engine,
    registry,
    // Beside the blobs: on the same disk, and swept by the next prune if this process is killed.
    quantizer: createQuantizer({ folder: join(config.modelsDir, "blobs"), env: config.runnerEnv }),
    probeDevices: () => probeEngine({ env: config.runnerEnv }),
    version,
    logger,
    keepReplacedLayers: config.noPrune,
    keepAliveMs: config.keepAliveMs,
    ...(config.contextLength > 0 ? { contextLength: config.contextLength } : {}),
    ...(config.goTemplate === undefined ? {} : { goTemplates: config.goTemplate }),
    allowedOrigins: config.origins,
    ...(listens ? { bind: bindAddress(config) } : {}),
    apiKeys: readApiKeys(apiKeyFile(config.home)),
    saveApiKeys: (records) => writeApiKeys(apiKeyFile(config.home), records),
    allowUnauthenticated: config.allowUnauthenticated,
    cloudSwitch: config.noCloud ? "env" : "none",
  });
  return {
    store,
    engine,
    server,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

function bindAddress(config: Config) {
  const own = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => address),
  );
  return { address: config.host.hostname, hostname: hostname(), ownAddresses: own };
}
