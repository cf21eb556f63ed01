import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Lets a person change a text in their editor, which has the terminal meanwhile.
 * @param editor  a command line such as `code --wait`
 * @returns the text as it was where the editor failed
 */
export function editInEditor(editor: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "puna-message-"));
  const file = join(folder, "message.md");
  try {
    writeFileSync(file, text, { mode: 0o600 });
    // The shell splits the editor's words; the file is passed beside them, so that nothing in it is read as such.
    const { status } =
      process.platform === "win32"
        ? spawnSync(`${editor} "${file}"`, { stdio: "inherit", shell: true })
        : spawnSync("/bin/sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit" });
    return status === 0 ? readFileSync(file, "utf8").replace(/\r?\n$/, "") : text;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
