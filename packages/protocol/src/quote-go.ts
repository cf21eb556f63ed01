const short: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

/** What Go does not print as it is: all but letters, marks, numbers, punctuation, symbols and the plain blank. */
const unprintable = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/** Text in double quotes as Go's `%q` has it, which error texts show to Ollama's clients. */
export function quoteGo(text: string): string {
  return `"${text.toWellFormed().replace(unprintable, escapeGoCharacter)}"`;
}

/** One character in Go's notation: `\n`, `\x1b`, `\u2028`. */
export function escapeGoCharacter(character: string): string {
  const known = short[character];
  if (known !== undefined) return known;
  const code = character.codePointAt(0) ?? 0;
  const digits = (length: number) => code.toString(16).padStart(length, "0");
  if (code < 0x80) return `\\x${digits(2)}`;
  return code < 0x10000 ? `\\u${digits(4)}` : `\\U${digits(8)}`;
}
