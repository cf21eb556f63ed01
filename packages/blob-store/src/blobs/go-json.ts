import { escapeGoJson } from "@puna/protocol";

/**
 * JSON as Go's encoder writes it, so that equal content gets equal digests in Ollama and here: compact, characters
 * that are special in HTML escaped, a line feed at the end. Keys keep their order; undefined values vanish.
 */
export function encodeGoJson(value: unknown): string {
  return `${escapeGoJson(JSON.stringify(value))}\n`;
}
