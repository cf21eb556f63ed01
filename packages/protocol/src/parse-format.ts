import type { Format } from "./endpoints/generation.ts";
import { ProtocolError } from "./protocol-error.ts";
import { quoteGo } from "./quote-go.ts";

/**
 * Reads `format` of a request; null, `""` and absent mean none.
 * @throws ProtocolError `INVALID_FORMAT` with Ollama's text, which its server answers with status 500
 */
export function parseFormat(value: unknown): Format | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (value === "json") return value;
  if (isObject(value)) return value;
  throw new ProtocolError(
    "INVALID_FORMAT",
    `invalid format: ${quoteGo(JSON.stringify(value))}; expected "json" or a valid JSON Schema object`,
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
