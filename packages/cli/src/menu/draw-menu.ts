import { cellWidth } from "../ui/cell-width.ts";
import { cutToWidth } from "../ui/progress-bar.ts";
import { type MenuState, matchingItems } from "./menu-state.ts";

export interface MenuFrame {
  readonly title: string;
  readonly columns: number;
  readonly rows: number;
  readonly colors: boolean;
}

/** Title, filter and their distances, and the line of keys with its own. */
const fixedRows = 6;
const gap = 3;

/** The menu as lines, none wider than the screen, no more than it has rows; around the selection where it is longer. */
export function drawMenu(state: MenuState, frame: MenuFrame): readonly string[] {
  const paint = (code: string, text: string) => (frame.colors ? `\u001b[${code}m${text}\u001b[0m` : text);
  const fit = (text: string) => cutToWidth(text, frame.columns - 1);
  const items = matchingItems(state);
  const width = Math.max(0, ...items.map(({ label }) => cellWidth(label))) + gap;
  const body: string[] = [];
  let selectedRow = 0;
  for (const [index, { section, label, note }] of items.entries()) {
    if (section !== items[index - 1]?.section) {
      if (index > 0) body.push("");
      body.push(fit(paint("1", `  ${section}`)));
    }
    const isSelected = index === state.selected;
    if (isSelected) selectedRow = body.length;
    const line = `${isSelected ? "▸" : " "} ${label}${" ".repeat(Math.max(0, width - cellWidth(label)))}`;
    const cut = fit(`  ${line}${note}`);
    const head = cut.slice(0, line.length + 2);
    body.push((isSelected ? paint("36;1", head) : head) + paint("2", cut.slice(head.length)));
  }
  if (items.length === 0) body.push(fit(paint("2", `  nothing here is called "${state.filter}"`)));
  const typed = state.filter === "" ? paint("2", "Type to filter…") : state.filter;
  return [
    fit(paint("1", frame.title)),
    "",
    `  ${typed}`,
    "",
    ...around(body, selectedRow, frame.rows - fixedRows),
    "",
    fit(paint("2", "↑/↓ navigate • enter choose • esc quit")),
  ];
}

/** So many of the lines, the wanted one among them. */
function around(lines: readonly string[], wanted: number, rows: number): readonly string[] {
  const count = Math.max(1, rows);
  if (lines.length <= count) return lines;
  const first = Math.min(Math.max(0, wanted - Math.floor(count / 2)), lines.length - count);
  return lines.slice(first, first + count);
}
