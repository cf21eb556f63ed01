import type { SettingsEntry } from "./coding-tool.ts";

export type Json = { readonly [key: string]: unknown };

/** The settings with these entries in them, everything else kept. */
export function setEntries(settings: Json, entries: readonly SettingsEntry[]): Json {
  return entries.reduce((result, { path, value }) => setPath(result, path, value), settings);
}

/**
 * Takes entries out again: each gets the value that it had in `original`, or goes if it had none. What was changed
 * meanwhile beside them stays.
 */
export function restoreEntries(current: Json, original: Json, entries: readonly SettingsEntry[]): Json {
  return entries.reduce((result, { path }) => {
    const before = readPath(original, path);
    return before === undefined ? removePath(result, path, original) : setPath(result, path, before);
  }, current);
}

function setPath(settings: Json, [key = "", ...rest]: readonly string[], value: unknown): Json {
  return { ...settings, [key]: rest.length === 0 ? value : setPath(asObject(settings[key]), rest, value) };
}

function readPath(settings: Json, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => asObject(value)[key], settings);
}

/** Removes a value, and the objects around it that are empty now and were not there before. */
function removePath(settings: Json, [key = "", ...rest]: readonly string[], original: Json): Json {
  const { [key]: value, ...others } = settings;
  if (value === undefined || rest.length === 0) return others;
  const inner = removePath(asObject(value), rest, asObject(original[key]));
  return Object.keys(inner).length === 0 && original[key] === undefined
    ? others
    : { ...settings, [key]: inner };
}

function asObject(value: unknown): Json {
  // Checked here: an object that is no list.
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
