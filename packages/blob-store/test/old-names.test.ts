import { mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ModelName } from "@puna/protocol";
import { expect, test } from "vitest";
import { openStore, type Store } from "../src/index.ts";
import { openTemporaryStore } from "../src/testing/index.ts";
import { createModel } from "./support.ts";

const name = ModelName.parse("tiny");

/** Turns the store into one of old, and opens it anew. */
async function makeOld(store: Store): Promise<Store> {
  const { blobsDir, modelsDir } = store.layout;
  for (const file of await readdir(blobsDir))
    await rename(join(blobsDir, file), join(blobsDir, file.replace("-", ":")));
  return openStore({ modelsDir });
}

test.each<readonly [string, (store: Store) => Promise<unknown>]>([
  ["a list", (store) => store.blobs.list()],
  ["a prune", (store) => store.prune({ minAgeMs: 0 })],
  ["a check", (store) => store.verify({ repair: true })],
  ["a write", (store) => store.blobs.putText("other")],
  [
    "a copy of a manifest",
    async (store) => {
      const stored = await store.manifests.read(name);
      if (stored !== undefined) await store.manifests.write(ModelName.parse("copy"), stored.bytes);
    },
  ],
])("blobs named sha256:… are found by %s, and get the name of today", async (_what, act) => {
  await using temporary = await openTemporaryStore();
  const before = await createModel(temporary.store, name, Buffer.from("weights"));
  await using store = await makeOld(temporary.store);
  await act(store);
  const files = await readdir(store.layout.blobsDir);
  expect(files.filter((file) => file.includes(":"))).toEqual([]);
  for (const { digest } of before.manifest.layers) expect(await store.blobs.has(digest)).toBe(true);
  expect((await store.verify()).damagedModels).toEqual([]);
});

test.each([
  ["both right", "right", "right", "right", 0],
  ["the old one damaged", "wrong", "right", "right", 0],
  ["the old one cut short", "ri", "right", "right", 0],
  ["the new one damaged", "right", "wrong", "right", 0],
  ["both damaged", "wrong", "grown", "grown", 1],
])("of what goes by both names the right one is kept: %s", async (_what, old, current, kept, left) => {
  await using temporary = await openTemporaryStore();
  const { store } = temporary;
  const { digest } = await store.blobs.putText("right");
  await writeFile(join(store.layout.blobsDir, digest), old);
  await writeFile(store.blobs.path(digest), current);
  await using again = openStore({ modelsDir: store.layout.modelsDir });
  expect(await again.blobs.readText(digest)).toBe(kept);
  expect((await readdir(store.layout.blobsDir)).filter((file) => file.includes(":")).length).toBe(left);
});

test("an unfinished download by an old name goes on; beside another of the same blob it is left alone", async () => {
  const record = (completed: number) => JSON.stringify({ N: 0, Offset: 0, Size: 10, Completed: completed });
  for (const isTwice of [false, true]) {
    await using temporary = await openTemporaryStore();
    const { blobsDir, modelsDir } = temporary.store.layout;
    const digest = `sha256:${"c".repeat(64)}`;
    await mkdir(blobsDir, { recursive: true });
    const write = async (base: string, bytes: string, part: number) => {
      await writeFile(join(blobsDir, `${base}-partial`), bytes.padEnd(10, "\0"));
      await writeFile(join(blobsDir, `${base}-partial-${part}`), record(bytes.length));
    };
    await write(digest, "oldold", 0);
    if (isTwice) await write(digest.replace(":", "-"), "new", 1);
    await using store = openStore({ modelsDir });
    await using staged = await store.blobs.stage(digest, 10);
    expect(staged.finishedRanges()).toEqual([{ start: 0, end: isTwice ? 3 : 6 }]);
  }
});

test("a crash at any step leaves every blob, and the next run ends the work", async () => {
  for (let step = 1; step < 8; step += 1) {
    await using temporary = await openTemporaryStore();
    await createModel(temporary.store, name, Buffer.from("weights"));
    await makeOld(temporary.store);
    let steps = 0;
    const crashing = openStore({
      modelsDir: temporary.store.layout.modelsDir,
      trace: (place) => {
        if (place.startsWith("old-names:") && ++steps === step) throw new Error("crash");
      },
    });
    await crashing.blobs.list().catch(() => {});
    await crashing[Symbol.asyncDispose]();
    await using store = openStore({ modelsDir: temporary.store.layout.modelsDir });
    expect((await store.verify()).damagedModels).toEqual([]);
  }
});
