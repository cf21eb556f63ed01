import type { Store } from "@puna/blob-store";
import type { Engine, EngineProbe, ModelLoadOptions } from "@puna/engine";
import type { RegistryClient } from "@puna/registry-client";
import type { ModelCatalog } from "./models/model-catalog.ts";
import type { Metrics } from "./observe/metrics.ts";
import type { LoadedBlobs } from "./services/loaded-blobs.ts";

/** Where the server tells what it does. Fields are JSON-safe and free of prompts and secrets. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Makes a smaller copy of a GGUF. */
export interface Quantizer {
  /** @param type  such as `Q4_K_M` @returns path of a temporary file, which the caller removes */
  quantize(
    modelPath: string,
    type: string,
    options: { readonly signal: AbortSignal; onProgress(done: number, total: number): void },
  ): Promise<string>;
}

/** Which driver and devices this machine offers. */
export type ProbeDevices = () => Promise<
  Pick<EngineProbe, "driver" | "fallbackReason" | "version" | "devices">
>;

export interface ServerSettings {
  /** ms, -1 = forever. */
  readonly keepAliveMs: number;
  /** Defaults of every load; requests and models override them. */
  readonly load: ModelLoadOptions;
  /** Layers of a model that `create` replaces stay. */
  readonly keepReplacedLayers: boolean;
  /** What `/api/status` says about the cloud switch; the cloud itself is never used. */
  readonly cloudSwitch: "none" | "env" | "config" | "both";
}

/** What every service works with. */
export interface Dependencies {
  readonly store: Store;
  readonly engine: Engine;
  /** How models come from and go to registries. */
  readonly registry: Pick<RegistryClient, "pull" | "push" | "restore">;
  readonly quantizer: Quantizer | undefined;
  readonly probeDevices: ProbeDevices | undefined;
  readonly catalog: ModelCatalog;
  readonly loadedBlobs: LoadedBlobs;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly settings: ServerSettings;
  /** Milliseconds since the epoch. */
  now(): number;
}
