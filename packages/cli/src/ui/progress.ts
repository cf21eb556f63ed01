import { type ProgressResponse, printBytes } from "@puna/protocol";
import type { OutputStream } from "../context.ts";

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";
const redrawEveryMs = 100;
/** A log gets a line per layer for every tenth, not one per event. */
const logStep = 0.1;

interface Line {
  readonly status: string;
  readonly startedAt: number;
  readonly startCompleted: number;
  completed: number;
  total: number;
  logged: number;
}

/**
 * Progress of pull, push and create: a line per status, a bar where sizes are known.
 * Redrawn in place on a terminal; in a pipe or log it prints plain lines.
 */
export class ProgressView implements Disposable {
  readonly #out: OutputStream;
  readonly #lines = new Map<string, Line>();
  #drawn = 0;
  #lastDraw = 0;

  constructor(out: OutputStream) {
    this.#out = out;
    if (out.isTTY) out.write(hideCursor);
  }

  update(event: ProgressResponse): void {
    const now = Date.now();
    const known = this.#lines.get(event.status);
    const completed = event.completed ?? 0;
    const line: Line = known ?? {
      status: event.status,
      startedAt: now,
      startCompleted: completed,
      completed,
      total: event.total ?? 0,
      logged: -1,
    };
    line.completed = completed;
    if (event.total !== undefined) line.total = event.total;
    if (known === undefined) this.#lines.set(event.status, line);
    if (this.#out.isTTY) this.#redraw(now, known === undefined || line.completed === line.total);
    else this.#log(line, known === undefined);
  }

  [Symbol.dispose](): void {
    if (!this.#out.isTTY) return;
    this.#redraw(Date.now(), true);
    this.#out.write(showCursor);
  }

  #log(line: Line, isNew: boolean): void {
    if (line.total === 0) {
      if (isNew) this.#out.write(`${line.status}\n`);
      return;
    }
    const share = line.completed / line.total;
    if (share < 1 && share - line.logged < logStep) return;
    if (line.logged >= 1) return;
    line.logged = share;
    this.#out.write(
      `${line.status}: ${Math.floor(share * 100)}% ${printBytes(line.completed)}/${printBytes(line.total)}\n`,
    );
  }

  #redraw(now: number, force: boolean): void {
    if (!force && now - this.#lastDraw < redrawEveryMs) return;
    this.#lastDraw = now;
    const width = this.#out.columns ?? 80;
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : "";
    const lines = [...this.#lines.values()].map((line) => `\r${drawLine(line, width, now)}\u001b[K\n`);
    this.#drawn = lines.length;
    this.#out.write(up + lines.join(""));
  }
}

/** `pulling 3b1f…:  42% ▕███     ▏  98 MB/253 MB   31 MB/s  5s`, cut to the terminal's width. */
export function drawLine(line: Omit<Line, "logged">, width: number, now: number): string {
  if (line.total <= 0) return line.status.slice(0, width - 1);
  const share = Math.min(1, line.completed / line.total);
  const head = `${line.status}: ${String(Math.floor(share * 100)).padStart(3)}% `;
  const tail = tailOf(line, now);
  const room = width - head.length - tail.length - 3;
  const bar = room >= 8 ? `▕${"█".repeat(Math.round(room * share)).padEnd(room)}▏` : "";
  return (head + bar + tail).slice(0, width - 1);
}

function tailOf(line: Omit<Line, "logged">, now: number): string {
  if (line.completed >= line.total) return ` ${printBytes(line.total).padStart(7)}`;
  const seconds = (now - line.startedAt) / 1000;
  const rate = seconds > 0.5 ? (line.completed - line.startCompleted) / seconds : 0;
  const left = rate > 0 ? `${Math.ceil((line.total - line.completed) / rate)}s` : "";
  const speed = rate > 0 ? `${printBytes(rate)}/s` : "";
  return ` ${`${printBytes(line.completed)}/${printBytes(line.total)}`.padStart(15)} ${speed.padStart(9)} ${left.padStart(5)}`;
}
