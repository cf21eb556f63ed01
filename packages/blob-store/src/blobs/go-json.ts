const escapes: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/**
 * JSON as Go's encoder writes it, so that equal content gets equal digests in Ollama and here: compact, characters
 * that are special in HTML escaped, a line feed at the end. Keys keep their order; undefined values vanish.
 */
export function encodeGoJson(value: unknown): string {
  return `${JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => escapes[character] ?? character)}\n`;
}
