import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

export interface RotatingFileOptions {
  /** A file that would grow past this is put aside; 10 MB. */
  readonly maxBytes?: number;
  /** How many older files stay, `server-1.log` the newest; 4. */
  readonly keep?: number;
}

const flushAfterMs = 100;
/** Lines wait in memory no longer than this, whatever the clock says. */
const maxWaitingChars = 64 * 1024;

/**
 * A log file that never grows without end. Lines are written together, a moment after they came: a busy server does
 * not wait for its log. Where the file cannot be written, lines are lost and the server goes on.
 */
export class RotatingFile implements Disposable {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #keep: number;
  #descriptor: number | undefined;
  #bytes = 0;
  #waiting = "";
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, { maxBytes = 10_000_000, keep = 4 }: RotatingFileOptions = {}) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#keep = keep;
  }

  write(line: string): void {
    this.#waiting += line;
    if (this.#waiting.length > maxWaitingChars) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), flushAfterMs).unref();
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting === "") return;
    const bytes = Buffer.from(this.#waiting);
    this.#waiting = "";
    try {
      let file = this.#open();
      if (this.#bytes > 0 && this.#bytes + bytes.length > this.#maxBytes) {
        this.#rotate();
        file = this.#open();
      }
      writeSync(file, bytes);
      this.#bytes += bytes.length;
    } catch {
      this.#close();
    }
  }

  [Symbol.dispose](): void {
    this.flush();
    this.#close();
  }

  #open(): number {
    if (this.#descriptor !== undefined) return this.#descriptor;
    mkdirSync(dirname(this.#path), { recursive: true });
    // For its owner only: request ids, paths and model names are nobody else's business.
    const descriptor = openSync(this.#path, "a", 0o600);
    this.#descriptor = descriptor;
    this.#bytes = fstatSync(descriptor).size;
    return descriptor;
  }

  #rotate(): void {
    this.#close();
    const numbered = (number: number) =>
      number === 0 ? this.#path : this.#path.replace(/(\.[^./\\]*)?$/, `-${number}$1`);
    rmSync(numbered(this.#keep), { force: true });
    for (let number = this.#keep - 1; number >= 0; number -= 1) {
      try {
        renameSync(numbered(number), numbered(number + 1));
      } catch {
        // There are not that many yet.
      }
    }
  }

  #close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
