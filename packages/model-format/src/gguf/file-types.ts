import type { GgufMetadata } from "./metadata.ts";

// Names of general.file_type (llama_ftype of llama.cpp v0.5.0). 4 is Ollama's own number for MXFP4.
const names: ReadonlyMap<number, string> = new Map([
  [0, "F32"],
  [1, "F16"],
  [2, "Q4_0"],
  [3, "Q4_1"],
  [4, "MXFP4"],
  [7, "Q8_0"],
  [8, "Q5_0"],
  [9, "Q5_1"],
  [10, "Q2_K"],
  [11, "Q3_K_S"],
  [12, "Q3_K_M"],
  [13, "Q3_K_L"],
  [14, "Q4_K_S"],
  [15, "Q4_K_M"],
  [16, "Q5_K_S"],
  [17, "Q5_K_M"],
  [18, "Q6_K"],
  [19, "IQ2_XXS"],
  [20, "IQ2_XS"],
  [21, "Q2_K_S"],
  [22, "IQ3_XS"],
  [23, "IQ3_XXS"],
  [24, "IQ1_S"],
  [25, "IQ4_NL"],
  [26, "IQ3_S"],
  [27, "IQ3_M"],
  [28, "IQ2_S"],
  [29, "IQ2_M"],
  [30, "IQ4_XS"],
  [31, "IQ1_M"],
  [32, "BF16"],
  [36, "TQ1_0"],
  [37, "TQ2_0"],
  [38, "MXFP4"],
  [39, "NVFP4"],
  [40, "Q1_0"],
  [41, "Q2_0"],
]);

/** Name of a file type number such as 15 → `Q4_K_M`; undefined for numbers nobody uses. */
export function fileTypeName(code: number): string | undefined {
  return names.get(code);
}

/** Number of a file type name in any letter case, `Q4_K` meaning `Q4_K_M`. */
export function fileTypeCode(name: string): number | undefined {
  const wanted = name.toUpperCase() === "Q4_K" ? "Q4_K_M" : name.toUpperCase();
  for (const [code, known] of names) {
    // 4 is read, never written.
    if (known === wanted && code !== 4) return code;
  }
  return undefined;
}

/**
 * The `quantization_level` of `show` and `tags`.
 * A file of type F32 (number 0) reads `unknown`, as it does for Ollama's clients.
 */
export function quantizationLevel(metadata: GgufMetadata): string {
  const code = metadata.number("general.file_type") ?? 0;
  return (code > 0 ? names.get(code) : undefined) ?? "unknown";
}
