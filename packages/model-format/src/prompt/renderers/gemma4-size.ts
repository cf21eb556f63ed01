import type { ModelFacts } from "./builtin-renderer.ts";

/** From here on models were trained with the template of the large ones. */
const largeParameters = 12e9;

const units: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, B: 1e9 };

/**
 * Which of Gemma 4's two templates a model uses: its name tells first, then its parameter count; else the small one.
 * @source ollama server/renderer_resolution.go
 */
export function gemma4Size({ names = [], parameterSize = "" }: ModelFacts): "small" | "large" {
  for (const name of names) {
    if (/e[24]b/i.test(name)) return "small";
    if (/12b|26b|31b/i.test(name)) return "large";
  }
  const [, digits, unit = ""] = /^(\d+(?:\.\d*)?|\.\d+)([kmb])$/i.exec(parameterSize) ?? [];
  const parameters = Number(digits ?? 0) * (units[unit.toUpperCase()] ?? 0);
  return parameters >= largeParameters ? "large" : "small";
}
