import { cellWidth } from "./cell-width.ts";

/** More than any line that fits can cost: one that is too long is the last resort. */
const tooLongCost = 1e5;

/**
 * Lines of a table's cell, at most `limit` cells wide where no word is wider, as even as they can be: the sum of the
 * squares of the room left over is least, the last line apart. Line breaks in the text count as spaces.
 */
export function wrapCell(text: string, limit: number): string[] {
  const widest = Math.min(limit, Math.max(...text.split("\n").map(cellWidth)));
  const words = text.replaceAll("\n", " ").split(" ");
  const widths = words.map(cellWidth);
  const room = Math.max(widest, ...widths);
  /** For the words from each one on: where their first line ends, and what all their lines cost. */
  const best: { readonly end: number; readonly cost: number }[] = [];
  for (let start = words.length - 1; start >= 0; start--) best[start] = firstLine(widths, start, room, best);
  const lines: string[] = [];
  for (let start = 0; start < words.length; ) {
    const end = best[start]?.end ?? words.length;
    lines.push(words.slice(start, end).join(" "));
    start = end;
  }
  return lines;
}

function firstLine(
  widths: readonly number[],
  start: number,
  room: number,
  best: readonly { readonly cost: number }[],
): { readonly end: number; readonly cost: number } {
  let width = -1;
  let found = { end: widths.length, cost: Number.POSITIVE_INFINITY };
  for (let end = start + 1; end <= widths.length; end++) {
    width += 1 + (widths[end - 1] ?? 0);
    if (end === widths.length) return width <= room ? { end, cost: 0 } : found;
    const cost = (room - width) ** 2 + (best[end]?.cost ?? 0) + (width > room ? tooLongCost : 0);
    if (cost < found.cost) found = { end, cost };
    // Longer ones only cost more, and texts may be long.
    if (width > room && found.cost < tooLongCost) return found;
  }
  return found;
}
