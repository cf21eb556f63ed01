import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { StoreContext } from "./context.ts";
import { listFolder, removeFile } from "./durable-files.ts";
import { StoreError } from "./errors.ts";
import { everyBlob, storeLock } from "./locks/leases.ts";
import type { StoredManifest } from "./manifests/manifest.ts";
import { digestsOf } from "./manifests/read-manifests.ts";
import { sweepShards } from "./sharded-model.ts";
import type { ManifestStore } from "./store.ts";

/** Something that nothing refers to. */
export interface UnusedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly kind: "blob" | "partial" | "incoming";
  readonly modifiedAt: Date;
}

export interface PrunePlan {
  readonly remove: readonly UnusedFile[];
  readonly freedBytes: number;
  /** unused but kept: in use by a process, reserved for a model to come, or younger than asked */
  readonly kept: readonly UnusedFile[];
}

export interface PruneOptions {
  /** leave files changed within this time; default one hour, as Ollama does: another program may be writing them */
  readonly minAgeMs?: number;
  readonly now?: number;
}

/** Registries forget unfinished uploads after a week. */
const uploadLifeMs = 7 * 24 * 3_600_000;

/** Facts from which a plan is made. */
interface StoreContents {
  readonly files: readonly (UnusedFile & { readonly digest?: string })[];
  readonly referenced: ReadonlySet<string>;
  /** by a process, or reserved for a model to come */
  readonly inUse: ReadonlySet<string>;
}

/** What to remove; pure. A finished blob goes when no manifest names it, an unfinished one when nobody is at it. */
function planPrune(contents: StoreContents, options: PruneOptions = {}): PrunePlan {
  const limit = (options.now ?? Date.now()) - (options.minAgeMs ?? 3_600_000);
  const remove: UnusedFile[] = [];
  const kept: UnusedFile[] = [];
  for (const { digest, ...file } of contents.files) {
    if (file.kind === "blob" && digest !== undefined && contents.referenced.has(digest)) continue;
    const busy = contents.inUse.has(everyBlob) || (digest !== undefined && contents.inUse.has(digest));
    (busy || file.modifiedAt.getTime() > limit ? kept : remove).push(file);
  }
  return { remove, kept, freedBytes: remove.reduce((sum, file) => sum + file.sizeBytes, 0) };
}

/** Looks what could go, and changes nothing. */
export async function dryRunPrune(
  context: StoreContext,
  manifests: ManifestStore,
  options: PruneOptions = {},
): Promise<PrunePlan> {
  await context.namesAreNew();
  return planPrune(await readContents(context, manifests, options), options);
}

/**
 * Removes what nothing refers to. Looks and removes under one lock, so no pull, create or load can begin between.
 * @throws StoreError `MANIFEST_INVALID` when a manifest cannot be read: what it names might be removed
 */
export async function runPrune(
  context: StoreContext,
  manifests: ManifestStore,
  options: PruneOptions = {},
): Promise<PrunePlan> {
  await context.namesAreNew();
  return await context.locks.with(storeLock, async () => {
    const plan = planPrune(await readContents(context, manifests, options), options);
    for (const file of plan.remove) {
      context.trace(`prune:before-${file.kind}`);
      await removeFile(file.path);
      context.trace(`prune:${file.kind}-removed`);
    }
    await sweepShards(context, new Set((await manifests.list()).map((stored) => stored.digest)));
    context.trace("prune:shards-swept");
    await context.owner.sweep();
    context.trace("prune:owners-swept");
    return plan;
  });
}

async function readContents(
  context: StoreContext,
  manifests: ManifestStore,
  { now = Date.now() }: PruneOptions,
): Promise<StoreContents> {
  const { layout } = context;
  const stored = await manifests.list({
    onInvalid: (path, error) => {
      throw new StoreError(
        "MANIFEST_INVALID",
        `Nothing was pruned, because ${path} cannot be read; delete or pull that model again`,
        {
          cause: error,
        },
      );
    },
  });
  const referenced = new Set(stored.flatMap((one: StoredManifest) => digestsOf(one.manifest)));
  const inUse = new Set([...(await context.leases.inUse()), ...(await context.reservations.current(now))]);
  const files: (UnusedFile & { digest?: string })[] = [];
  for (const name of await listFolder(layout.blobsDir)) {
    const match = /^sha256[-:]([0-9a-f]{64})(-partial(?:-\d+)?|\.tmp)?$/.exec(name);
    if (match === null) {
      // Scratch files of our other parts, such as a model being quantized; strangers' files are left alone.
      if (name.startsWith("puna-")) await collect(files, join(layout.blobsDir, name), "partial");
      continue;
    }
    const kind = match[2] === undefined ? "blob" : "partial";
    await collect(files, join(layout.blobsDir, name), kind, `sha256:${match[1]}`);
  }
  for (const name of await listFolder(layout.stagingDir)) {
    await collect(files, join(layout.stagingDir, name), "partial", `sha256:${name.slice(0, 64)}`);
  }
  for (const name of await listFolder(layout.incomingDir)) {
    // What a running process writes there is its own business; what a dead one left can go at once.
    if (await context.owner.isAlive(name)) continue;
    await collect(files, join(layout.incomingDir, name), "incoming");
  }
  for (const name of await listFolder(layout.uploadsDir)) {
    const path = join(layout.uploadsDir, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && found.mtimeMs < Date.now() - uploadLifeMs)
      await collect(files, path, "incoming");
  }
  return { files, referenced, inUse };
}

async function collect(
  files: (UnusedFile & { digest?: string })[],
  path: string,
  kind: UnusedFile["kind"],
  digest?: string,
): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  const modifiedAt = kind === "incoming" ? new Date(0) : found.mtime;
  files.push({
    path,
    kind,
    sizeBytes: kind === "partial" ? found.blocks * 512 : found.size,
    modifiedAt,
    ...(digest === undefined ? {} : { digest }),
  });
}
