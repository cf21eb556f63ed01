import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { RunnerSpec } from "../ipc/messages.ts";

/** How much of each end of a file is looked at; the rest is held by its length and time. */
const sampleBytes = 65_536;

/**
 * What a sequence state depends on beside its tokens: the files, what was changed about them, and the settings
 * that decide how a state looks. The template needs no part in it: another one gives other tokens.
 * @param library  version of the code that writes the state, and whatever else it depends on
 */
export function stateIdentity(spec: RunnerSpec, library: readonly string[]): string {
  const parts = {
    library,
    model: fileIdentity(spec.modelPath),
    adapters: spec.adapters.map(({ path, scale }) => ({ file: fileIdentity(path), scale })),
    overrides: spec.kvOverrides.map(({ key, type, value }) => ({ key, type, value: String(value) })),
    kvCacheType: spec.kvCacheType,
    flashAttention: spec.flashAttention ?? "auto",
    gpuLayers: spec.gpuLayers,
  };
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

function fileIdentity(path: string): string {
  const { size, mtimeMs } = statSync(path);
  const hash = createHash("sha256").update(`${size} ${mtimeMs} `);
  const file = openSync(path, "r");
  try {
    const sample = new Uint8Array(sampleBytes);
    for (const at of [0, Math.max(0, size - sampleBytes)]) {
      hash.update(sample.subarray(0, readSync(file, sample, 0, sampleBytes, at)));
    }
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}
