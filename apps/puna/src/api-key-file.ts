import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ApiKeyRecord } from "@puna/api-server";

/** Where the server keeps its keys, below `PUNA_HOME`. */
export function apiKeyFile(home: string): string {
  return join(home, "keys.json");
}

/**
 * Reads the keys that `puna keys` manages; none where there is no file. Only hashes are in it.
 * @throws Error when it is there but cannot be understood: serving without keys would open the server
 */
export function readApiKeys(path: string): readonly ApiKeyRecord[] {
  if (!existsSync(path)) return [];
  try {
    const file: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof file === "object" && file !== null && "keys" in file && Array.isArray(file.keys)) {
      return file.keys.filter(isRecord);
    }
  } catch (cause) {
    throw new Error(`the API keys in ${path} cannot be read; mend the file or remove it`, { cause });
  }
  throw new Error(`the API keys in ${path} cannot be read; mend the file or remove it`);
}

/** Writes them aside and renames, for this user's eyes only. */
export async function writeApiKeys(path: string, records: readonly ApiKeyRecord[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const staged = `${path}.tmp-${process.pid}`;
  await writeFile(staged, `${JSON.stringify({ keys: records }, null, 2)}\n`, { mode: 0o600 });
  await rename(staged, path);
}

function isRecord(value: unknown): value is ApiKeyRecord {
  if (typeof value !== "object" || value === null) return false;
  const isNamed = "name" in value && typeof value.name === "string";
  const isHashed =
    "sha256" in value && typeof value.sha256 === "string" && /^[0-9a-f]{64}$/.test(value.sha256);
  if (!isNamed || !isHashed || !("scopes" in value) || !Array.isArray(value.scopes)) {
    throw new Error("a key without name, hash or scopes");
  }
  return true;
}
