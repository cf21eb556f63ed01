const wholeNumber = /^[+-]?\d+$/;
const realNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * A decimal integer, or undefined when the text is none or the number cannot be held exactly:
 * an id that loses its last digits would name something else, so such text stays text.
 */
export function parseInteger(text: string): number | undefined {
  if (!wholeNumber.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value + 0 : undefined;
}

const digitSeparator = /(?<=\d)_(?=\d)/g;

/**
 * A decimal number, its digits perhaps in groups as in `1_000`, or undefined. Whole numbers too large to be
 * exact are undefined as above.
 */
export function parseReal(source: string): number | undefined {
  const text = source.replace(digitSeparator, "");
  if (!realNumber.test(text)) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || (wholeNumber.test(text) && !Number.isSafeInteger(value))) return undefined;
  return value + 0;
}
