import type { ModelName, ProgressResponse } from "@puna/protocol";
import { type ProgressEvent, RegistryError } from "@puna/registry-client";
import type { Dependencies } from "../dependencies.ts";
import { ApiError, badRequest } from "../errors.ts";
import { findName } from "../models/find-model.ts";

export interface TransferSettings {
  /** Plain HTTP is allowed. */
  readonly insecure: boolean;
  readonly signal: AbortSignal;
}

/** Brings a model from its registry. @throws RegistryError, StoreError, ApiError */
export async function* pullModel(
  { registry, store, metrics }: Dependencies,
  name: ModelName,
  settings: TransferSettings,
): AsyncGenerator<ProgressResponse> {
  const target = (await findName(store, name)) ?? name;
  try {
    for await (const event of registry.pull(target, settings)) yield toProgress(event);
    metrics.countPull("success");
  } catch (error) {
    metrics.countPull("failure");
    if (!RegistryError.is(error) || error.code !== "NOT_FOUND") throw error;
    throw new ApiError("INTERNAL", "pull model manifest: file does not exist", { cause: error });
  }
}

/** Sends a model of the store to its registry. @throws RegistryError, StoreError; ApiError for a name that is none */
export async function* pushModel(
  { registry, store }: Dependencies,
  name: ModelName,
  settings: TransferSettings,
): AsyncGenerator<ProgressResponse> {
  if (!name.isValid()) {
    // Ollama finds out about the name when it looks for the manifest, after the stream has begun.
    yield { status: "retrieving manifest" };
    yield { status: "couldn't retrieve manifest" };
    throw badRequest(`unqualified name: ${name.toString()}`);
  }
  const source = (await findName(store, name)) ?? name;
  for await (const event of registry.push(source, settings)) yield toProgress(event);
}

/** A step of a transfer, as the wire has it. */
export function toProgress(event: ProgressEvent): ProgressResponse {
  if (event.type === "status") return { status: event.status };
  return {
    status: event.status,
    digest: event.digest,
    ...(event.totalBytes > 0 && { total: event.totalBytes }),
    ...(event.completedBytes > 0 && { completed: event.completedBytes }),
  };
}
