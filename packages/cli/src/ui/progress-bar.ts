import { printBytes } from "@puna/protocol";
import { cellWidth } from "./cell-width.ts";

/** One layer or file on its way; bytes. */
export interface Transfer {
  readonly label: string;
  readonly completed: number;
  readonly total: number;
  /** Bytes a second, seconds left; absent until they can be told. */
  readonly rate?: number | undefined;
  readonly secondsLeft?: number | undefined;
}

const sizesWidth = "999 MB/999 MB".length;
const rateWidth = "  999 MB/s".length;
const timeWidth = "  59m59s".length;
/** Less than this says nothing. */
const minBarWidth = 8;

/**
 * `pulling 3b1f…:  42% ▕███     ▏  98 MB/253 MB   31 MB/s     5s`: the columns stand still while it runs. A narrow
 * terminal loses the bar, then time and rate.
 * @returns a line of at most `columns` cells
 */
export function drawTransfer(transfer: Transfer, columns: number): string {
  const share = transfer.total > 0 ? Math.min(1, transfer.completed / transfer.total) : 0;
  const head = `${transfer.label} ${String(Math.round(share * 100)).padStart(3)}%`;
  const tail = drawTail(transfer);
  // Two edges of the bar, a space on each side of it, and one cell free for the cursor.
  const room = columns - cellWidth(head) - tail.length - 5;
  if (room >= minBarWidth) return `${head} ▕${drawBar(share, room)}▏ ${tail}`;
  const short = `${head} ${tail.trimEnd()}`;
  return cellWidth(short) < columns ? short : cutToWidth(`${head} ${sizesOf(transfer).trim()}`, columns - 1);
}

function drawBar(share: number, width: number): string {
  const full = Math.floor(width * share);
  return "█".repeat(full) + " ".repeat(width - full);
}

function drawTail(transfer: Transfer): string {
  const { rate, secondsLeft } = transfer;
  const speed = rate === undefined ? "" : `  ${printBytes(rate).padStart(6)}/s`;
  const time = secondsLeft === undefined ? "" : `  ${printSeconds(secondsLeft).padStart(6)}`;
  return sizesOf(transfer).padEnd(sizesWidth) + speed.padEnd(rateWidth) + time.padEnd(timeWidth);
}

function sizesOf({ completed, total }: Transfer): string {
  const whole = printBytes(total).padStart(6);
  return completed >= total ? whole : `${printBytes(completed).padStart(6)}/${whole}`;
}

/** `5s`, `3m12s`, `2h05m`, `99h+`. */
export function printSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, "0")}s`;
  if (whole < 360_000)
    return `${Math.floor(whole / 3600)}h${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")}m`;
  return "99h+";
}

/** The longest beginning that fits into so many cells. */
export function cutToWidth(text: string, columns: number): string {
  let cut = "";
  let width = 0;
  for (const character of text) {
    width += cellWidth(character);
    if (width > columns) break;
    cut += character;
  }
  return cut;
}
