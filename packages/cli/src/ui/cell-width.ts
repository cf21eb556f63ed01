import { eastAsianWidth } from "get-east-asian-width";

const ascii = /^[\x20-\x7e]*$/;
const escapeSequence = /\u001b\[[0-9;?]*[A-Za-z]/g;

/**
 * Cells that a text takes in a terminal. Colours and other escape sequences take none, wide characters and emoji two.
 * Not the package `string-width`: its patterns cost every start of a command more than the command itself.
 */
export function cellWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  const shown = text.includes("\u001b") ? text.replace(escapeSequence, "") : text;
  if (ascii.test(shown)) return shown.length;
  let width = 0;
  for (const { segment } of graphemes().segment(shown)) width += graphemeWidth(segment);
  return width;
}

/** Made when first needed: most texts are ASCII. */
let segmenter: Intl.Segmenter | undefined;

function graphemes(): Intl.Segmenter {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return segmenter;
}

/** One cell or two by its first character that shows; none where nothing does. */
function graphemeWidth(grapheme: string): number {
  const visible = grapheme.replace(
    /^[\p{Control}\p{Format}\p{Nonspacing_Mark}\p{Enclosing_Mark}\p{Default_Ignorable_Code_Point}\p{Surrogate}]+/u,
    "",
  );
  const point = visible.codePointAt(0);
  if (point === undefined) return 0;
  if (isEmoji(visible)) return 2;
  // Vowel signs of Indic scripts stand beside their letter.
  const beside = visible.slice(String.fromCodePoint(point).length).match(/\p{Spacing_Mark}/gu)?.length ?? 0;
  return eastAsianWidth(point) + beside;
}

/** Shown as a picture: by itself, by the selector behind it, as a flag or as a keycap. */
function isEmoji(grapheme: string): boolean {
  if (/^\p{Emoji_Presentation}(?!\ufe0e)/u.test(grapheme)) return true;
  return (
    /^[\p{Extended_Pictographic}\d#*]\ufe0f/u.test(grapheme) || /^\p{Regional_Indicator}{1,2}/u.test(grapheme)
  );
}
