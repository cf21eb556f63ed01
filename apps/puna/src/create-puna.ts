import { readFileSync } from "node:fs";
import type { PunaServer } from "@puna/api-server";
import { compose } from "./compose.ts";
import { type Config, readConfig } from "./config.ts";
import { type Logger, silentLogger } from "./logger.ts";

/** What an embedded puna does otherwise than the environment says (OLLAMA_MODELS, OLLAMA_NUM_PARALLEL and the like). */
export interface EmbedOptions {
  /** Folder of models, made when the first is pulled; `~/.ollama/models`. */
  readonly modelsDir?: string;
  /** Folder of the key pair; `~/.ollama`. */
  readonly home?: string;
  /** How long a model stays in memory after its last use: ms; -1 = forever; 5 minutes. */
  readonly keepAliveMs?: number;
  /** Requests that run side by side per model; 1. */
  readonly parallel?: number;
  /** Models in memory at the same time; 0 = as many as fit, the default. */
  readonly maxLoadedModels?: number;
  /** What runs llama.cpp: `native` (by FFI), `portable` (node-llama-cpp), or `auto`, the default: native where it fits. */
  readonly driver?: Config["driver"];
  /** Told of loads, requests and failures, never of prompts; by default nobody is. */
  readonly logger?: Logger;
  /** Ask this object's `fetch` for an API key too, as everybody else once there are keys; by default it is trusted. */
  readonly requireKeys?: boolean;
}

/** A puna without a port: `fetch` answers requests, `app` mounts into another Hono app. */
export interface EmbeddedPuna extends AsyncDisposable {
  /** The Hono app: Ollama's, OpenAI's and Anthropic's routes, for `mount()` or any server that takes a `fetch`. */
  readonly app: PunaServer;
  /**
   * Takes what the global `fetch` takes; give it to the SDK to talk in-process. It is trusted: API keys are for those
   * who come through `app`, wherever that is mounted.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
}

/**
 * Store, engine and server with Ollama's defaults, inside this process. Models run in child processes, which start with
 * the first request and end with the object: dispose of it, or they live as long as the program.
 * @throws Error where a setting of the environment cannot be used, such as a file of certificates that is not there
 * @example
 * await using puna = await createPuna();
 * const client = new Puna({ fetch: puna.fetch });
 */
export async function createPuna(options: EmbedOptions = {}): Promise<EmbeddedPuna> {
  const { logger = silentLogger, home, modelsDir, keepAliveMs, parallel, maxLoadedModels, driver } = options;
  const base = readConfig(process.env);
  const config: Config = {
    ...base,
    ...(home === undefined ? {} : { home }),
    ...(modelsDir === undefined ? {} : { modelsDir }),
    ...(keepAliveMs === undefined ? {} : { keepAliveMs }),
    ...(parallel === undefined ? {} : { numParallel: parallel }),
    ...(maxLoadedModels === undefined ? {} : { maxLoadedModels }),
    ...(driver === undefined ? {} : { driver }),
  };
  const parts = compose({ config, version: ownVersion(), logger, listens: false });
  return {
    app: parts.server,
    async fetch(input, init) {
      const request = new Request(input, init);
      return options.requireKeys === true ? parts.server.fetch(request) : parts.server.trustedFetch(request);
    },
    [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose](),
  };
}

function ownVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  );
  return version;
}
