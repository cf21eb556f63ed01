import type { ProgressResponse } from "@puna/protocol";
import type { OutputStream } from "../context.ts";
import { cutToWidth, drawTransfer, type Transfer } from "./progress-bar.ts";
import { restoreOnSignal } from "./restore-on-signal.ts";
import { TransferRate } from "./transfer-rate.ts";

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";
const redrawEveryMs = 100;
/** A log gets a line of a running transfer this often at most, and only when a tenth more is done. */
const logEveryMs = 2_000;
const logStep = 0.1;
const logColumns = 80;

interface Line {
  readonly status: string;
  readonly rate: TransferRate;
  completed: number;
  total: number;
  loggedShare: number;
  loggedAt: number;
}

/**
 * Progress of pull, push and create: a line for each status, a bar where sizes are known.
 * On a terminal the lines are drawn over; in a pipe or log each is printed once, and a long transfer now and then.
 */
export class ProgressView implements Disposable {
  readonly #out: OutputStream;
  readonly #now: () => number;
  readonly #lines: Line[] = [];
  /** Lines of transfers, by what they carry. */
  readonly #transfers = new Map<string, Line>();
  /** Of the events that carry nothing, the last. */
  #status: Line | undefined;
  #restoring: Disposable | undefined;
  #drawn = 0;
  #lastDraw = 0;

  constructor(out: OutputStream, now: () => number = Date.now) {
    this.#out = out;
    this.#now = now;
    if (!out.isTTY) return;
    out.write(hideCursor);
    this.#restoring = restoreOnSignal(out, showCursor);
  }

  update(event: ProgressResponse): void {
    const now = this.#now();
    const known = event.digest ? this.#transfers.get(event.digest) : this.#sameStatus(event.status);
    const line = known ?? {
      status: event.status,
      rate: new TransferRate(),
      completed: 0,
      total: 0,
      loggedShare: 0,
      loggedAt: now,
    };
    line.completed = event.completed ?? 0;
    line.total = event.total ?? line.total;
    line.rate.add(now, line.completed);
    if (known === undefined) this.#add(line, event.digest);
    const isComplete = line.total > 0 && line.completed >= line.total;
    if (this.#out.isTTY) this.#redraw(now, known === undefined || isComplete);
    else this.#log(line, now, known === undefined);
  }

  [Symbol.dispose](): void {
    if (this.#lines.length === 0) this.#out.write("\n");
    if (!this.#out.isTTY) {
      this.#logUnfinished();
      return;
    }
    this.#redraw(this.#now(), true);
    this.#out.write(showCursor);
    this.#restoring?.[Symbol.dispose]();
  }

  /** Work that comes a second time, after other work, gets a line of its own. */
  #sameStatus(status: string): Line | undefined {
    return this.#status?.status === status ? this.#status : undefined;
  }

  #add(line: Line, digest: string | undefined): void {
    this.#lines.push(line);
    if (digest) this.#transfers.set(digest, line);
    else this.#status = line;
  }

  /** How far what did not come to its end has come. */
  #logUnfinished(): void {
    const now = this.#now();
    for (const line of this.#lines) {
      if (line.completed > 0 && line.completed < line.total) this.#logTransfer(line, now);
    }
  }

  #log(line: Line, now: number, isNew: boolean): void {
    if (line.total === 0) {
      if (isNew) this.#out.write(`${line.status}\n`);
      return;
    }
    const share = Math.min(1, line.completed / line.total);
    if (line.loggedShare >= 1) return;
    if (share < 1 && (share - line.loggedShare < logStep || now - line.loggedAt < logEveryMs)) return;
    line.loggedShare = share;
    line.loggedAt = now;
    this.#logTransfer(line, now);
  }

  #logTransfer(line: Line, now: number): void {
    this.#out.write(`${drawTransfer(transferOf(line, now), logColumns).trimEnd()}\n`);
  }

  #redraw(now: number, force: boolean): void {
    if (!force && now - this.#lastDraw < redrawEveryMs) return;
    this.#lastDraw = now;
    const { columns = logColumns, rows = Number.POSITIVE_INFINITY } = this.#out;
    // What has left the screen cannot be drawn over: of more lines than it has, the last ones.
    const shown = this.#lines.slice(-Math.max(1, rows - 1));
    const up = this.#drawn > 0 ? `\u001b[${Math.min(this.#drawn, shown.length)}A` : "";
    const text = shown.map((line) => `\r${drawLine(line, columns, now)}\u001b[K\n`).join("");
    this.#drawn = shown.length;
    this.#out.write(up + text);
  }
}

function drawLine(line: Line, columns: number, now: number): string {
  return line.total > 0 ? drawTransfer(transferOf(line, now), columns) : cutToWidth(line.status, columns - 1);
}

function transferOf({ status, completed, total, rate }: Line, now: number): Transfer {
  const bytesPerSecond = completed < total ? rate.at(now) : undefined;
  return {
    // As people know it: layers on their way in stand before a colon.
    label: /^pulling \S+$/.test(status) ? `${status}:` : status,
    completed,
    total,
    rate: bytesPerSecond,
    secondsLeft: bytesPerSecond === undefined ? undefined : (total - completed) / bytesPerSecond,
  };
}
