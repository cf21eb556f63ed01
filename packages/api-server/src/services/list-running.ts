import type { LoadedModelInfo } from "@puna/engine";
import { ModelName, type RunningModel } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";

/** What `expires_at` says for models that stay until the server ends: Go's longest duration from now. */
const foreverMs = 9_223_372_036_854;

/** Loaded models, the one that stays longest first. Models deleted meanwhile are on their way out and not shown. */
export async function listRunning(dependencies: Dependencies): Promise<RunningModel[]> {
  const nowMs = dependencies.now();
  const running = await Promise.all(
    dependencies.engine.loaded().map((info) => toRunning(dependencies, info, nowMs)),
  );
  return running
    .filter((model) => model !== undefined)
    .sort((left, right) => right.expires_at.localeCompare(left.expires_at));
}

async function toRunning(
  { store, catalog }: Dependencies,
  info: LoadedModelInfo,
  nowMs: number,
): Promise<RunningModel | undefined> {
  if (info.label === undefined) return undefined;
  const stored = await store.manifests.find(ModelName.parse(info.label));
  if (stored === undefined) return undefined;
  const { details } = await catalog.facts(stored);
  return {
    name: info.label,
    model: info.label,
    size: info.sizeBytes,
    digest: stored.digest,
    details: { ...details, parent_model: "" },
    expires_at: new Date(info.expiresAtMs ?? nowMs + foreverMs).toISOString(),
    size_vram: info.vramBytes,
    context_length: info.contextTokens,
  };
}
