import type { ModelLease, ModelSpec } from "@puna/engine";
import { ModelName, quoteGo } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";
import { ApiError, badRequest, notFound } from "../errors.ts";
import { cloudDisabled } from "../models/find-model.ts";
import type { KnownModel } from "../models/model-catalog.ts";
import { isMissingBlob } from "../models/stored-model.ts";
import { toLoadOptions } from "./engine-request.ts";
import type { RequestScope } from "./generation-request.ts";
import type { FullOptions } from "./read-options.ts";

export interface LeaseOptions {
  readonly keepAliveMs: number | undefined;
  readonly options: FullOptions;
  readonly scope: RequestScope;
  readonly embedding?: boolean;
  readonly priority?: "interactive" | "batch";
}

/** Loads the model if need be and holds it. @throws EngineError; ApiError `NOT_IMPLEMENTED` for what the engine cannot run */
export async function leaseModel(
  { engine, settings, metrics, loadedBlobs, now }: Dependencies,
  known: KnownModel,
  { keepAliveMs, options, scope, embedding = false, priority = "interactive" }: LeaseOptions,
): Promise<ModelLease> {
  const { model } = known;
  if (model.modelPath === undefined) throw notRunnable(model.config.model_format);
  const spec: ModelSpec = {
    modelPath: model.modelPath,
    ...(model.adapterPaths.length > 0 && {
      adapters: model.adapterPaths.map((path) => ({ path, scale: 1 })),
    }),
    ...(model.projectorPaths.length > 0 && { projectorPaths: model.projectorPaths }),
    load: toLoadOptions(options, settings.load, embedding),
  };
  const startedAtMs = now();
  const waitEnded = metrics.waitBegan();
  try {
    const lease = await loadedBlobs.holdWhile(model.modelPath, model, () =>
      engine.acquire(spec, {
        keepAliveMs: keepAliveMs ?? settings.keepAliveMs,
        signal: scope.signal,
        priority,
        label: new ModelName(model.stored.name).toShortString(),
        ...(scope.clientId !== undefined && { clientId: scope.clientId }),
      }),
    );
    metrics.observeLoad(now() - startedAtMs);
    return lease;
  } finally {
    waitEnded();
  }
}

function notRunnable(format: string): ApiError {
  const what = format === "safetensors" ? "models of safetensors files" : "models without a GGUF file";
  return new ApiError("NOT_IMPLEMENTED", `${what} cannot be run here; create the model from a GGUF file`);
}

/** @throws ApiError `NOT_FOUND` in place of a missing blob, as Ollama words it */
export async function knowOrMissing(
  catalog: Dependencies["catalog"],
  stored: Parameters<Dependencies["catalog"]["know"]>[0],
  model: string,
): Promise<KnownModel> {
  try {
    return requireHere(await catalog.know(stored));
  } catch (error) {
    if (isMissingBlob(error)) throw notFound(`model ${quoteGo(model)} not found, try pulling it first`);
    throw error;
  }
}

/** @throws ApiError `FORBIDDEN` for a model that is only a name for one elsewhere */
export function requireHere(known: KnownModel): KnownModel {
  if (known.model.config.remote_host === undefined) return known;
  throw cloudDisabled("remote model is unavailable");
}

/** @throws ApiError `BAD_REQUEST` naming every capability that is asked for and missing */
export function requireCapabilities(known: KnownModel, wanted: readonly string[]): void {
  const missing = wanted.filter((capability) => !known.capabilities.includes(capability));
  if (missing.length === 0) return;
  const name = new ModelName(known.model.stored.name).toString();
  throw badRequest(`${name} does not support ${missing.join("\n")}`);
}
