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

test("what goes by both names is kept once; two that differ stay for the user to look at", async () => {
  await using temporary = await openTemporaryStore();
  const { store } = temporary;
  const [same, other] = [await store.blobs.putText("same"), await store.blobs.putText("other")];
  const old = (digest: string) => join(store.layout.blobsDir, digest);
  await writeFile(old(same.digest), "same");
  await writeFile(old(other.digest), "cut");
  await mkdir(store.layout.blobsDir, { recursive: true });
  await using again = openStore({ modelsDir: store.layout.modelsDir });
  expect(await again.blobs.readText(same.digest)).toBe("same");
  expect((await readdir(store.layout.blobsDir)).filter((file) => file.includes(":"))).toEqual([other.digest]);
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
