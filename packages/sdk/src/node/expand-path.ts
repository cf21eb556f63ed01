import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { PunaError } from "../errors.ts";

/**
 * A path of a Modelfile → an absolute path: `~` and `~user` are homes, the rest is relative to `directory`.
 * @throws PunaError `INVALID_INPUT` for the home of an unknown user
 */
export async function expandPath(path: string, directory: string, home: string = homedir()): Promise<string> {
  const [first = "", ...rest] = path.split("/");
  if (first === "~") return resolve(home, ...rest);
  if (first.startsWith("~")) return resolve(await homeOf(first.slice(1)), ...rest);
  return resolve(directory, path);
}

async function homeOf(user: string): Promise<string> {
  // Node cannot ask for other users; where there is no such file, there are no such paths either.
  const users = await readFile("/etc/passwd", "utf8").catch(() => "");
  for (const line of users.split("\n")) {
    const [name, , , , , home] = line.split(":");
    if (name === user && home !== undefined && home !== "") return home;
  }
  throw new PunaError("INVALID_INPUT", `failed to find user '${user}': user: unknown user ${user}`);
}
