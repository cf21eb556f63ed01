import { statfs } from "node:fs/promises";
import { openStore, type Store } from "@puna/blob-store";
import { ModelName, printBytes } from "@puna/protocol";
import type { Finding } from "./finding.ts";
import { nearestFolder, whyUnusable } from "./usable-folder.ts";

/** Less than a small model takes: the next pull fails. */
const noSpaceBytes = 1e9;
const scarceSpaceBytes = 10e9;

/** Whether models can be kept in the folder, and what is in it. Changes nothing there. */
export async function checkModelsFolder(
  folder: string,
  options: { readonly verify: boolean },
): Promise<Finding[]> {
  const place = await nearestFolder(folder);
  const isMissing = place !== folder;
  const problem = await whyUnusable(place);
  if (problem !== undefined) {
    return [
      {
        check: "models",
        status: "problem",
        summary: `${folder} cannot be used: ${problem}`,
        advice: "make it a folder that this user may write to, or name another in OLLAMA_MODELS",
        facts: { folder },
      },
    ];
  }
  const space = await checkSpace(place);
  if (isMissing) {
    const summary = `${folder} is made by the first pull`;
    return [{ check: "models", status: "ok", summary, facts: { folder, models: 0, blobs: 0 } }, space];
  }
  await using store = openStore({ modelsDir: folder });
  const counts = await checkContents(store, folder);
  return options.verify ? [counts, space, await checkFiles(store)] : [counts, space];
}

async function checkContents(store: Store, folder: string): Promise<Finding> {
  const unreadable: string[] = [];
  const models = await store.manifests.list({ onInvalid: (path) => void unreadable.push(path) });
  const blobs = await store.blobs.list();
  const sizeBytes = blobs.reduce((sum, { size }) => sum + size, 0);
  const facts = { folder, models: models.length, blobs: blobs.length, sizeBytes, unreadable };
  const summary = `${countOf(models.length, "model")} in ${folder}, ${countOf(blobs.length, "file")}, ${printBytes(sizeBytes)}`;
  if (unreadable.length === 0) return { check: "models", status: "ok", summary, facts };
  return {
    check: "models",
    status: "problem",
    summary: `${summary}; ${countOf(unreadable.length, "manifest")} cannot be read: ${unreadable.join(", ")}`,
    advice: "remove those files and pull the models again",
    facts,
  };
}

async function checkSpace(place: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(place);
  const freeBytes = bavail * bsize;
  const summary = `${printBytes(freeBytes)} free for models`;
  const facts = { freeBytes };
  if (freeBytes >= scarceSpaceBytes) return { check: "space", status: "ok", summary, facts };
  return {
    check: "space",
    status: freeBytes < noSpaceBytes ? "problem" : "note",
    summary,
    advice: "free some with 'puna prune' and 'puna rm MODEL', or name a larger disk in OLLAMA_MODELS",
    facts,
  };
}

async function checkFiles(store: Store): Promise<Finding> {
  const report = await store.verify();
  const damaged = report.damagedModels.map((name) => new ModelName(name).withDefaults().toShortString());
  const corrupt = report.corrupt.map(({ digest }) => digest);
  const missing = report.missing.map(({ digest }) => digest);
  const facts = {
    checkedBlobs: report.checkedBlobs,
    checkedBytes: report.checkedBytes,
    corrupt,
    missing,
    damaged,
  };
  if (corrupt.length + missing.length === 0) {
    const summary = `${report.checkedBlobs} files are as their checksums say`;
    return { check: "checksums", status: "ok", summary, facts };
  }
  return {
    check: "checksums",
    status: "problem",
    summary: `${corrupt.length} files are damaged and ${missing.length} are missing`,
    advice:
      damaged.length === 0
        ? "remove what no model uses with 'puna prune'"
        : `remove and get again: ${[...new Set(damaged)].map((name) => `puna rm ${name} && puna pull ${name}`).join("; ")}`,
    facts,
  };
}

/** `1 model`, `2 models`. */
function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
