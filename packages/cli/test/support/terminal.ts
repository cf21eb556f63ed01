import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { spawn } from "@lydell/node-pty";
import xterm from "@xterm/headless";

const entry = fileURLToPath(new URL("cli-process.ts", import.meta.url));
/** Only ends what never comes: a busy machine may take long to start a process. */
const deadlineMs = 40_000;
/** Dozens of processes load the same sources: compiled once. */
const compileCache = process.env["NODE_COMPILE_CACHE"] ?? "";

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Runs this program instead of the command line itself. */
  readonly program?: string;
}

/** The command that starts the command line, for shells. */
export const cliCommand = [process.execPath, "--conditions=@puna/source", "--no-warnings", entry];

/** What a screen shows, or what must hold of it. */
export type Expected = string | RegExp | ((screen: string, cursor: Cursor) => boolean);

export interface Cursor {
  /** Of `screen`, from 0. */
  readonly row: number;
  readonly column: number;
}

/** A real terminal with a program in it: types keys, and tells what is on the screen. */
export class Terminal implements AsyncDisposable {
  readonly #pty;
  readonly #screen;
  readonly #frames = new Set<() => void>();
  #exit: { readonly exitCode: number; readonly signal?: number } | undefined;
  #raw = "";

  constructor(argv: readonly string[], options: TerminalOptions = {}) {
    const { columns = 80, rows = 24 } = options;
    this.#screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    const [program = "", ...args] = options.program ? [options.program, ...argv] : [...cliCommand, ...argv];
    this.#pty = spawn(program, args, {
      cols: columns,
      rows,
      cwd: options.cwd ?? process.cwd(),
      env: {
        PATH: process.env["PATH"] ?? "",
        TERM: "xterm-256color",
        LANG: "C.UTF-8",
        NODE_COMPILE_CACHE: compileCache,
        ...options.env,
      },
    });
    this.#pty.onData((data) => {
      this.#raw += data;
      this.#screen.write(data);
    });
    this.#pty.onExit((exit) => {
      this.#exit = exit;
    });
    this.#screen.onData((answer) => this.#pty.write(answer));
    this.#screen.onWriteParsed(() => {
      for (const look of this.#frames) look();
    });
  }

  /** Everything that was written, escape codes included. */
  get raw(): string {
    return this.#raw;
  }

  get exitCode(): number | undefined {
    return this.#exit?.exitCode;
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  paste(text: string): void {
    this.#pty.write(`\u001b[200~${text.replaceAll("\n", "\r")}\u001b[201~`);
  }

  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** Rows from the first to the last that has something in it, scrolled ones included; trailing spaces cut. */
  get screen(): string {
    const { active } = this.#screen.buffer;
    const rows: string[] = [];
    for (let row = 0; row < active.length; row++)
      rows.push(active.getLine(row)?.translateToString(true).trimEnd() ?? "");
    return rows.join("\n").trimEnd();
  }

  get cursor(): Cursor {
    const { active } = this.#screen.buffer;
    return { row: active.baseY + active.cursorY, column: active.cursorX };
  }

  /**
   * Waits until the screen shows a text or is as a test wants it, and has come to rest. What is wanted must not be
   * there before the keys that bring it about: they may be read much later than they are typed.
   */
  async until(expected: Expected): Promise<string> {
    const deadline = Date.now() + deadlineMs;
    for (let before = ""; ; ) {
      await sleep(25);
      const screen = this.screen;
      if (this.#shows(expected) && screen === before) return screen;
      before = screen;
      if (Date.now() > deadline) throw this.#neverShowed(expected);
    }
  }

  /** Waits for what may be there only for a moment, as what moves: looks at every picture. @returns the screen then */
  seen(expected: Expected): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!this.#shows(expected)) return;
        finish();
        resolve(this.screen);
      };
      const timer = setTimeout(() => {
        finish();
        reject(this.#neverShowed(expected));
      }, deadlineMs);
      const finish = () => {
        clearTimeout(timer);
        this.#frames.delete(look);
      };
      this.#frames.add(look);
      look();
    });
  }

  /** @returns its exit code, once all that it wrote is on the screen; 128 and the signal where one ended it, as shells count */
  async exited(): Promise<number> {
    const deadline = Date.now() + deadlineMs;
    while (this.#exit === undefined) {
      if (Date.now() > deadline)
        throw new Error(`The program did not end; the screen shows:\n${this.screen}`);
      await sleep(25);
    }
    await new Promise<void>((resolve) => this.#screen.write("", resolve));
    return this.#exit.signal ? 128 + this.#exit.signal : this.#exit.exitCode;
  }

  #shows(expected: Expected): boolean {
    const { screen } = this;
    if (typeof expected === "string") return screen.includes(expected);
    return typeof expected === "function" ? expected(screen, this.cursor) : expected.test(screen);
  }

  #neverShowed(expected: Expected): Error {
    const { row, column } = this.cursor;
    return new Error(
      `The screen never showed ${String(expected)}; it shows:\n${this.screen}\n(cursor: ${row}, ${column}; exit: ${this.exitCode})`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#exit === undefined) this.#pty.kill("SIGKILL");
    this.#screen.dispose();
  }
}
