const escapes: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/**
 * Makes compact JSON what Go's encoder would have written, byte for byte: digests and prompts depend on it.
 * @param json  what `JSON.stringify` gave
 * @param options.html  escape `<`, `>` and `&` too, as Go does unless it is told otherwise; true
 */
export function escapeGoJson(json: string, options: { readonly html?: boolean } = {}): string {
  const special = options.html === false ? /[\u2028\u2029]/g : /[<>&\u2028\u2029]/g;
  return json.replace(special, (character) => escapes[character] ?? character);
}
