import { createHash } from "node:crypto";
import { type StoredManifest, StoreError, uniqueDescriptors } from "@puna/blob-store";
import { ModelName, type ProgressResponse } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";
import { type DamagedFile, type RepairLine, repairFile } from "./repair-file.ts";

/** One line for each file as it is checked, those of the repairs, then the sum. */
export type VerifyLine =
  | { readonly digest: string; readonly size: number; readonly ok: true; readonly orphaned?: true }
  | {
      readonly digest: string;
      readonly size: number;
      readonly ok: false;
      /** digest of the bytes that are there; absent when there are none */
      readonly found?: string;
      readonly models: readonly string[];
    }
  | { readonly manifest: string; readonly ok: false; readonly reason: string }
  | ProgressResponse
  | RepairLine
  | {
      readonly status: "success" | "damaged";
      readonly checked: number;
      readonly damaged: number;
      readonly repaired: number;
      readonly orphaned: number;
    };

export interface VerifySettings {
  /** Fetch what is corrupt or missing again, from the registries of the models that use it. */
  readonly repair: boolean;
  /** Plain HTTP is allowed for registries that do not answer encrypted. */
  readonly insecure: boolean;
  readonly signal: AbortSignal;
}

/** Reads every file and compares its content with its name, and looks for the files that models miss. */
export async function* verifyStore(
  dependencies: Dependencies,
  settings: VerifySettings,
): AsyncGenerator<VerifyLine> {
  const { store } = dependencies;
  const unreadable: VerifyLine[] = [];
  const manifests = await store.manifests.list({
    onInvalid: (path, error) => unreadable.push({ manifest: path, ok: false, reason: String(error) }),
  });
  yield* unreadable;
  const users = usersOf(manifests);
  const damaged: DamagedFile[] = [];
  const present = new Set<string>();
  let orphaned = 0;
  for (const { digest, size } of await store.blobs.list()) {
    settings.signal.throwIfAborted();
    const found = await hashBlob(dependencies, digest);
    // Removed since it was listed: if a model needs it, it is told below.
    if (found === undefined) continue;
    present.add(digest);
    const file = users.get(digest);
    if (found === digest) {
      if (file === undefined) orphaned++;
      yield { digest, size, ok: true, ...(file === undefined && { orphaned: true }) };
      continue;
    }
    damaged.push(file ?? { digest, size, uses: [] });
    yield { digest, size, ok: false, found, models: namesOf(file) };
  }
  for (const file of users.values()) {
    if (present.has(file.digest)) continue;
    damaged.push(file);
    yield { digest: file.digest, size: file.size, ok: false, models: namesOf(file) };
  }
  let repaired = 0;
  const hosts = new Set(manifests.map(({ name }) => name.host.toLowerCase()));
  for (const file of settings.repair ? damaged : []) {
    for await (const line of repairFile(dependencies, file, { ...settings, hosts })) {
      if ("repaired" in line && line.repaired) repaired++;
      yield line;
    }
  }
  const count = damaged.length + unreadable.length;
  const status = count === repaired ? "success" : "damaged";
  yield { status, checked: present.size, damaged: count, repaired, orphaned };
}

/** Every file that models name, and by which of them it is used. */
function usersOf(manifests: readonly StoredManifest[]): ReadonlyMap<string, DamagedFile> {
  const files = new Map<string, DamagedFile>();
  for (const { name, manifest } of manifests) {
    for (const layer of uniqueDescriptors(manifest)) {
      const { digest, size } = layer;
      const uses = files.get(digest)?.uses ?? [];
      files.set(digest, { digest, size, uses: [...uses, { name, layer }] });
    }
  }
  return files;
}

function namesOf(file: DamagedFile | undefined): readonly string[] {
  return (file?.uses ?? []).map(({ name }) => new ModelName(name).toShortString());
}

async function hashBlob({ store }: Dependencies, digest: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of await store.blobs.stream(digest)) hash.update(chunk);
  } catch (error) {
    const isGone =
      (StoreError.is(error) && error.code === "BLOB_NOT_FOUND") ||
      (error instanceof Error && "code" in error && error.code === "ENOENT");
    if (isGone) return undefined;
    throw error;
  }
  return `sha256:${hash.digest("hex")}`;
}
