import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CliError } from "../errors.ts";
import type { LaunchSetup, ToolConfig } from "./coding-tool.ts";
import { type Json, restoreEntries, setEntries } from "./json-settings.ts";

/** Beside the file: what was in it before us, `null` where it was not there. */
const backupSuffix = ".before-puna";

/** The file that would be written, and its whole content. */
export async function planSettings(
  config: ToolConfig,
  home: string,
  setup: LaunchSetup,
): Promise<{ readonly path: string; readonly content: string }> {
  const path = join(home, config.file);
  if (config.kind === "file") return { path, content: config.content(setup) };
  const settings = parseSettings(await readIfThere(path), path);
  return { path, content: printSettings(setEntries(settings, config.entries(setup))) };
}

/** Writes a tool's settings, after keeping what was there. Doing it again keeps the first backup. */
export async function writeSettings(config: ToolConfig, home: string, setup: LaunchSetup): Promise<string> {
  const { path, content } = await planSettings(config, home, setup);
  const before = await readIfThere(path);
  const backup = path + backupSuffix;
  await mkdir(dirname(path), { recursive: true });
  if ((await readIfThere(backup)) === undefined) await replaceFile(backup, JSON.stringify(before ?? null));
  await replaceFile(path, content);
  return path;
}

/** @returns whether there was anything to restore */
export async function restoreSettings(config: ToolConfig, home: string): Promise<boolean> {
  const path = join(home, config.file);
  const backup = await readIfThere(path + backupSuffix);
  if (backup === undefined) return false;
  const before: unknown = JSON.parse(backup);
  const current = await readIfThere(path);
  if (current !== undefined) {
    if (config.kind === "file") await putBack(path, typeof before === "string" ? before : undefined);
    else {
      const original = parseSettings(typeof before === "string" ? before : undefined, path);
      const paths = config.entries({ serverUrl: "", model: "", apiKey: "" });
      const restored = restoreEntries(parseSettings(current, path), original, paths);
      const isEmpty = Object.keys(restored).length === 0 && before === null;
      await putBack(path, isEmpty ? undefined : printSettings(restored));
    }
  }
  await rm(path + backupSuffix, { force: true });
  return true;
}

async function putBack(path: string, content: string | undefined): Promise<void> {
  if (content === undefined) await rm(path, { force: true });
  else await replaceFile(path, content);
}

function parseSettings(text: string | undefined, path: string): Json {
  if (text === undefined || text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    // Checked in the same breath: an object that is no list.
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  } catch {
    // Told below, whatever is wrong with it.
  }
  throw new CliError(
    "INVALID_INPUT",
    `${path} is not plain JSON (comments?); left as it is. Use --print and copy what you need`,
  );
}

function printSettings(settings: Json): string {
  return `${JSON.stringify(settings, null, 2)}\n`;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whole or not at all, with the permissions it had. */
async function replaceFile(path: string, content: string): Promise<void> {
  const mode = (await stat(path).catch(() => undefined))?.mode ?? 0o600;
  const staged = `${path}.tmp-${process.pid}`;
  await writeFile(staged, content, { mode: mode & 0o777 });
  await rename(staged, path);
}
