import { compatibilityRows } from "./compat-rows.ts";
import type { Gguf } from "./header.ts";
import type { GgufMetadata } from "./metadata.ts";
import { refuse } from "./refuse.ts";
import type { GgufWriteEntry } from "./write-gguf.ts";

/** How to make llama.cpp read a file that Ollama's own converter wrote. */
export interface CompatibilityPlan {
  /** Which deviation was recognised, for logs. */
  readonly name: string;
  /** Keys to put over those of the file. */
  readonly overrides: readonly GgufWriteEntry[];
  /**
   * True: every override can be handed to llama.cpp when it loads the file. False: some cannot (arrays, and keys
   * that llama.cpp looks up in the file itself), and the file needs a new header, from `editGgufHeader`.
   */
  readonly inMemory: boolean;
}

/** An override as `llama_model_kv_override` takes it. */
export type NativeOverride = { readonly key: string } & (
  | { readonly type: "int"; readonly value: bigint }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
);

/**
 * Recognises files whose metadata stock llama.cpp rejects or misreads, and says what to change.
 * @returns undefined for the many files that need nothing
 * @throws GgufError `GGUF_UNSUPPORTED`, rule `compatibility`, when tensors would have to change too;
 * the message names what, and the way out
 * @source Ollama's own in-memory translation (llama/compat at fb30760)
 */
export async function planCompatibility(gguf: Gguf): Promise<CompatibilityPlan | undefined> {
  const tensors = new Map(gguf.tensors.map((tensor) => [tensor.name, tensor]));
  const file = { metadata: gguf.metadata, tensors };
  for (const row of compatibilityRows) {
    if (row.architecture !== gguf.metadata.architecture && !row.also?.includes(gguf.metadata.architecture))
      continue;
    const found = await row.inspect(file);
    if (found === undefined) continue;
    if (found.obstacle !== undefined) refuseLayout(row.name, gguf.metadata, found.obstacle);
    const overrides = found.overrides.filter((entry) => !isAlready(gguf.metadata, entry));
    if (overrides.length === 0) continue;
    return {
      name: row.name,
      overrides,
      inMemory: overrides.every((entry) => toNativeOverride(entry, gguf.metadata) !== undefined),
    };
  }
  return undefined;
}

/** Bytes that fit into the fixed fields of `llama_model_kv_override`, less the closing zero. */
const maxNativeTextBytes = 127;

// llama.cpp looks these up in the file before it asks its overrides (get_key_or_arr, v0.5.0).
const lookedUpInFile = [
  ".attention.head_count",
  ".attention.head_count_kv",
  ".feed_forward_length",
  ".expert_feed_forward_length",
  ".expert_used_count",
] as const;

/** The override in llama.cpp's own form, or undefined where llama.cpp would not heed it. */
export function toNativeOverride(entry: GgufWriteEntry, metadata: GgufMetadata): NativeOverride | undefined {
  const { key } = entry;
  if (byteLength(key) > maxNativeTextBytes) return undefined;
  if (!metadata.has(key) && lookedUpInFile.some((suffix) => key.endsWith(suffix))) return undefined;
  switch (entry.type) {
    case "array":
      return undefined;
    case "string":
      return byteLength(entry.value) > maxNativeTextBytes
        ? undefined
        : { key, type: "string", value: entry.value };
    case "bool":
      return { key, type: "bool", value: entry.value };
    case "float32":
    case "float64":
      return { key, type: "float", value: Number(entry.value) };
    default:
      return { key, type: "int", value: BigInt(entry.value) };
  }
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function isAlready(metadata: GgufMetadata, entry: GgufWriteEntry): boolean {
  return "value" in entry && metadata.entry(entry.key)?.value === entry.value;
}

function refuseLayout(name: string, metadata: GgufMetadata, obstacle: string): never {
  const text =
    `it is laid out for Ollama's own ${metadata.architecture} loader (${name}): ${obstacle}. ` +
    "Pull the same model as a GGUF made by llama.cpp's converter, for example from hf.co";
  refuse("compatibility", metadata.entry("general.architecture")?.offset ?? 0, text, "GGUF_UNSUPPORTED");
}
