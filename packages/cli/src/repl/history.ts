import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

const maxLines = 100;
/** Stands for a line break inside one entry: Unicode's own sign for it, which no keyboard types. */
const breakInFile = "\u2028";

/** The last typed lines, oldest first, kept in one file between sessions. */
export class History {
  readonly #file: string | undefined;
  readonly #lines: string[];
  /** False: lines are known in this session and written nowhere. */
  isEnabled = true;

  private constructor(file: string | undefined, lines: string[]) {
    this.#file = file;
    this.#lines = lines;
  }

  /** @param file  absent: nothing is read or kept */
  static async open(file: string | undefined): Promise<History> {
    if (file === undefined) return new History(undefined, []);
    const text = await readFile(file, "utf8").catch(() => "");
    return new History(
      file,
      text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.replaceAll(breakInFile, "\n"))
        .slice(-maxLines),
    );
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  async add(line: string): Promise<void> {
    if (line.trim() === "" || line === this.#lines.at(-1)) return;
    this.#lines.push(line);
    this.#lines.splice(0, this.#lines.length - maxLines);
    if (this.#file === undefined || !this.isEnabled) return;
    await mkdir(dirname(this.#file), { recursive: true });
    // Written aside and renamed, so that a cut session leaves the old history whole.
    const text = this.#lines.map((line) => `${line.replaceAll("\n", breakInFile)}\n`).join("");
    const staged = `${this.#file}.tmp-${process.pid}`;
    await writeFile(staged, text, { mode: 0o600 });
    await rename(staged, this.#file);
  }
}
