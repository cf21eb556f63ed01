import type { GgufMetadata } from "@puna/model-format/gguf";

/**
 * Every how many blocks one sees the whole context, in files that do not say; the others see a window.
 * @source llama.cpp v0.5.0 src/models/*.cpp: set_swa_pattern
 */
const defaultPatterns: Readonly<Record<string, number>> = {
  cohere2: 4,
  exaone4: 4,
  gemma2: 2,
  gemma3: 6,
  gemma3n: 5,
  "gpt-oss": 2,
  olmo2: 4,
};

/** Which blocks keep a window of the past only. Where that is unknown none do: the estimate is then too large. */
export async function windowBlocks(metadata: GgufMetadata, blockCount: number): Promise<readonly boolean[]> {
  const { architecture } = metadata;
  const value = metadata.architectureEntry("attention.sliding_window_pattern")?.value;
  if (typeof value === "object") {
    const flags = await value.toArray();
    return Array.from({ length: blockCount }, (_, block) => Boolean(flags[block]));
  }
  const pattern = typeof value === "number" ? value : (defaultPatterns[architecture] ?? 1);
  if (pattern <= 0) return Array.from({ length: blockCount }, () => true);
  return Array.from({ length: blockCount }, (_, block) => block % pattern < pattern - 1);
}
