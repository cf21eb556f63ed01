import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

const maxLines = 100;

/** The last typed lines, oldest first, kept in one file between sessions. */
export class History {
  readonly #file: string | undefined;
  readonly #lines: string[];

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
    if (this.#file === undefined) return;
    await mkdir(dirname(this.#file), { recursive: true });
    // Written aside and renamed, so that a cut session leaves the old history whole.
    const staged = `${this.#file}.tmp-${process.pid}`;
    await writeFile(staged, `${this.#lines.join("\n")}\n`, { mode: 0o600 });
    await rename(staged, this.#file);
  }
}
