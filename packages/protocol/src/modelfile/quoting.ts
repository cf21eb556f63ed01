/**
 * A value that starts with one quote ends at the first line that ends with one; with three, likewise with three.
 * There are no escapes. The pieces below follow from that.
 */
export type Quote = "" | '"' | '"""';

/** Which quote a value's first line (trimmed) opens. */
export function openingQuote(firstLine: string): Quote {
  if (firstLine.startsWith('"""')) return '"""';
  return firstLine.startsWith('"') ? '"' : "";
}

/** Whether a value's first line (trimmed) also closes what it opens. */
export function closesOnFirstLine(firstLine: string, quote: Quote): boolean {
  return firstLine.length >= 2 * quote.length && firstLine.endsWith(quote);
}

/** As Ollama prints a value: bare, unless it has a line break or a space at either end. */
export function quoteLikeOllama(text: string): string {
  if (!text.includes("\n") && !text.startsWith(" ") && !text.endsWith(" ")) return text;
  return text.includes('"') ? `"""${text}"""` : `"${text}"`;
}

export function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

export function isLineEnd(character: string | undefined): boolean {
  return character === "\r" || character === "\n";
}

/** Without blanks and line ends around it. A loop, because `\s+$` takes quadratic time on long runs of blanks. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlankOrLineEnd(text[start])) start++;
  while (end > start && isBlankOrLineEnd(text[end - 1])) end--;
  return text.slice(start, end);
}

function isBlankOrLineEnd(character: string | undefined): boolean {
  return isBlank(character) || isLineEnd(character);
}
