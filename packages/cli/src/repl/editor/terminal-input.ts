import type { OutputStream } from "../../context.ts";
import { KeyDecoder, type KeyEvent } from "./keys.ts";

const escapeDelayMs = 50;
const keepAliveMs = 60_000;
const pasteOn = "\u001b[?2004h";
const pasteOff = "\u001b[?2004l";

/** What reads keys at the moment; events that nobody takes wait. */
type KeyListener = (event: KeyEvent) => void;

/**
 * The keyboard of a terminal in raw mode. Keys typed while nobody reads are kept for the next reader, except Ctrl-C,
 * which goes to whoever asked for it.
 */
export class TerminalInput implements Disposable {
  readonly #stdin: NodeJS.ReadStream;
  readonly #stdout: OutputStream;
  readonly #decoder = new KeyDecoder();
  #waiting: KeyEvent[] = [];
  #listener: KeyListener | undefined;
  #interrupt: (() => void) | undefined;
  #ended = false;
  #onEnd: (() => void) | undefined;
  #alive: ReturnType<typeof setInterval> | undefined;
  #escapeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(stdin: NodeJS.ReadStream, stdout: OutputStream) {
    this.#stdin = stdin;
    this.#stdout = stdout;
    stdin.setEncoding("utf8");
    stdin.on("data", this.#receive);
    stdin.on("end", this.#end);
    process.on("SIGCONT", this.#resumed);
    this.hold();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#escapeTimer);
    clearInterval(this.#alive);
    this.#stdin.off("data", this.#receive);
    this.#stdin.off("end", this.#end);
    process.off("SIGCONT", this.#resumed);
    this.release();
  }

  /** Whether the terminal has gone: nothing will be typed any more. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** @returns stops listening */
  listen(listener: KeyListener, onEnd: () => void): () => void {
    this.#listener = listener;
    this.#onEnd = onEnd;
    // Later, so that the listener knows how to stop before it is told of anything.
    queueMicrotask(() => this.#deliver());
    return () => {
      this.#listener = undefined;
      this.#onEnd = undefined;
    };
  }

  /** While something else runs, Ctrl-C goes to it. @returns undoes that */
  onInterrupt(interrupt: () => void): () => void {
    this.#interrupt = interrupt;
    return () => {
      this.#interrupt = undefined;
    };
  }

  /** Takes the terminal: every key comes here, nothing is echoed. */
  hold(): void {
    this.#stdin.setRawMode(true);
    this.#stdin.resume();
    this.#stdout.write(pasteOn);
  }

  /** Gives it back as it was, for another program or the shell. */
  release(): void {
    this.#stdout.write(pasteOff);
    this.#stdin.setRawMode(false);
    this.#stdin.pause();
  }

  /** Ctrl-Z: stops this process and its group until the shell continues it. */
  suspend(): void {
    // Windows has no such signal, and no shell that would continue the process.
    if (process.platform === "win32") return;
    this.release();
    // Nothing else is waited for meanwhile: without it the process would be over when it is continued.
    this.#alive = setInterval(() => {}, keepAliveMs);
    process.kill(0, "SIGTSTP");
  }

  readonly #resumed = () => {
    clearInterval(this.#alive);
    this.hold();
    this.#listener?.({ type: "text", text: "" });
  };

  readonly #receive = (data: string) => {
    clearTimeout(this.#escapeTimer);
    this.#take(this.#decoder.push(data));
    if (!this.#decoder.isWaiting) return;
    this.#escapeTimer = setTimeout(() => this.#take(this.#decoder.flush()), escapeDelayMs);
  };

  readonly #end = () => {
    this.#ended = true;
    this.#onEnd?.();
    this.#interrupt?.();
  };

  #take(events: readonly KeyEvent[]): void {
    for (const event of events) {
      if (this.#listener === undefined && event.type === "key") {
        if (event.key === "interrupt") {
          this.#interrupt?.();
          continue;
        }
        if (event.key === "suspend") {
          this.suspend();
          continue;
        }
      }
      this.#waiting.push(event);
    }
    this.#deliver();
  }

  #deliver(): void {
    // A listener may leave while it is told of a key: the rest is for the next one.
    while (this.#listener !== undefined) {
      const event = this.#waiting.shift();
      if (event === undefined) break;
      this.#listener(event);
    }
    if (this.#ended && this.#waiting.length === 0) this.#onEnd?.();
  }
}
