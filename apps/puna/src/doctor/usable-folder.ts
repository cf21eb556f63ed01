import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** The folder itself, or what stands where it would be made. */
export async function nearestFolder(folder: string): Promise<string> {
  for (let place = folder; ; place = dirname(place)) {
    // Anything but "not there" is for the check of its rights to name.
    const isMissing = await stat(place).then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === "ENOENT",
    );
    if (!isMissing || place === dirname(place)) return place;
  }
}

/** Why this user can keep nothing there; undefined where that works. */
export async function whyUnusable(place: string): Promise<string | undefined> {
  try {
    if (!(await stat(place)).isDirectory()) return `${place} is not a folder`;
    await access(place, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
