import { cellWidth } from "../../ui/cell-width.ts";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Cells that a tab takes in the editor. */
const tab = "    ";

/** What a reader calls characters: a flag, a family or an accented letter is one. */
export function graphemesOf(text: string): string[] {
  // ASCII needs no segmenter, and is what is typed most of the time.
  if (/^[\x20-\x7e\n]*$/.test(text)) return [...text];
  return [...segmenter.segment(text)].map(({ segment }) => segment);
}

/** How a grapheme is shown: tabs as spaces, control characters as `^A`, so that pasted text cannot move the cursor. */
export function displayOf(grapheme: string): string {
  if (grapheme === "\t") return tab;
  const code = grapheme.charCodeAt(0);
  if (grapheme.length === 1 && (code < 0x20 || code === 0x7f)) return `^${String.fromCharCode(code ^ 0x40)}`;
  return grapheme;
}

export function widthOf(grapheme: string): number {
  return cellWidth(displayOf(grapheme));
}
