import { createRequire } from "node:module";

// The command line's tests have both; the root of the workspace needs neither.
const requireOfCli = createRequire(new URL("../../packages/cli/package.json", import.meta.url));
const { spawn } = requireOfCli("@lydell/node-pty");
const xterm = requireOfCli("@xterm/headless");

const framesEveryMs = 70;

/** A program in a real terminal; what the screen shows is kept, with the time at which it did. */
export class RecordedTerminal {
  /** @type {{at: number, rows: string[], screen: import("./terminal-svg.mjs").Screen}[]} */
  frames = [];
  #pty;
  #screen;
  #started = Date.now();
  #timer;
  #exit;

  constructor(program, args, { columns, rows, env, cwd }) {
    this.#screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 0 });
    this.#pty = spawn(program, args, {
      cols: columns,
      rows,
      cwd,
      env: { ...env, TERM: "xterm-256color", COLORTERM: "" },
    });
    this.#pty.onData((data) => this.#screen.write(data));
    this.#screen.onData((answer) => this.#pty.write(answer));
    this.exited = new Promise((resolve) => {
      this.#exit = resolve;
    });
    this.#pty.onExit(({ exitCode }) => this.#exit(exitCode));
    this.#timer = setInterval(() => this.#keepFrame(), framesEveryMs);
  }

  type(text) {
    this.#pty.write(text);
  }

  /** As a person does it, in milliseconds between two keys. */
  async typeSlowly(text, everyMs = 45) {
    for (const letter of text) {
      this.type(letter);
      await sleep(everyMs);
    }
  }

  async until(pattern, timeoutMs = 120_000) {
    for (const end = Date.now() + timeoutMs; Date.now() < end; await sleep(30)) {
      if (pattern.test(this.text)) return;
    }
    throw new Error(`the screen never showed ${pattern}; it shows:\n${this.text}`);
  }

  get text() {
    return this.#rows().join("\n");
  }

  /** @returns {import("./terminal-svg.mjs").Screen} what is on the screen now */
  snapshot() {
    const { active } = this.#screen.buffer;
    const rows = [];
    for (let row = 0; row < this.#screen.rows; row++)
      rows.push(readRow(active.getLine(active.baseY + row), this.#screen.cols));
    return { columns: this.#screen.cols, rows };
  }

  stop() {
    clearInterval(this.#timer);
    this.#keepFrame();
    this.#pty.kill();
  }

  #rows() {
    const { active } = this.#screen.buffer;
    return Array.from(
      { length: this.#screen.rows },
      (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? "",
    );
  }

  #keepFrame() {
    const screen = this.snapshot();
    const key = JSON.stringify(screen.rows);
    if (this.frames.at(-1)?.key !== key) this.frames.push({ at: Date.now() - this.#started, key, screen });
  }
}

/** A row as runs of equal style. */
function readRow(line, columns) {
  const runs = [];
  for (let column = 0; column < columns; column++) {
    const cell = line?.getCell(column);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const style = {
      color: cell.isFgDefault() ? undefined : cell.getFgColor(),
      back: cell.isBgDefault() ? undefined : cell.getBgColor(),
      bold: cell.isBold() !== 0,
      dim: cell.isDim() !== 0,
      italic: cell.isItalic() !== 0,
      underline: cell.isUnderline() !== 0,
      inverse: cell.isInverse() !== 0,
    };
    const last = runs.at(-1);
    const text = cell.getChars() || " ";
    if (last !== undefined && JSON.stringify(last.style) === JSON.stringify(style)) {
      last.text += text;
      last.width += cell.getWidth();
    } else runs.push({ column, width: cell.getWidth(), text, style });
  }
  return runs;
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
