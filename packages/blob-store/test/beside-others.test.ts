import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { ModelName } from "@puna/protocol";
import { expect, test } from "vitest";
import { mediaTypes, openStore } from "../src/index.ts";
import { openTemporaryStore } from "../src/testing/index.ts";

/** Runs code in another process with the same store, and waits for its first word. */
async function startOther(modelsDir: string, code: string) {
  const source = fileURLToPath(new URL("../src/index.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    [
      "--conditions=@puna/source",
      "--input-type=module",
      "-e",
      `import { openStore } from ${JSON.stringify(source)};
       const store = openStore({ modelsDir: ${JSON.stringify(modelsDir)} });
       ${code}`,
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  await once(child.stdout, "data");
  return child;
}

test("a prune of age 0 takes nothing from a create in another process, and everything unused after it", async () => {
  await using temporary = await openTemporaryStore();
  const { layout } = temporary.store;
  await using creating = openStore({ modelsDir: layout.modelsDir });
  const lease = await creating.leaseAll();
  const weights = await creating.blobs.putText("weights");
  const config = await creating.blobs.putJson({});
  const orphan = await creating.blobs.putText("orphan");
  const prune = `await store.prune({ minAgeMs: -1000 }); await store[Symbol.asyncDispose](); console.log("pruned");`;
  await once(await startOther(layout.modelsDir, prune), "exit");
  await creating.manifests.write(ModelName.parse("made"), {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, ...config },
    layers: [{ mediaType: mediaTypes.model, ...weights }],
  });
  await lease[Symbol.asyncDispose]();
  await once(await startOther(layout.modelsDir, prune), "exit");
  expect(await creating.blobs.has(orphan.digest)).toBe(false);
  expect(await creating.blobs.has(weights.digest)).toBe(true);
});

test("a create that was killed holds no prune back", async () => {
  await using temporary = await openTemporaryStore();
  const { layout } = temporary.store;
  const child = await startOther(
    layout.modelsDir,
    `await store.leaseAll(); await store.blobs.putText("orphan"); console.log("there"); setInterval(() => {}, 1000);`,
  );
  const beside = await temporary.store.prune({ minAgeMs: -1000 });
  expect([beside.remove.length, beside.kept.length]).toEqual([0, 1]);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect((await temporary.store.prune({ minAgeMs: -1000 })).remove.length).toBe(1);
});

test("a partial file that another program has open stays its own; once closed it is taken over", async () => {
  await using temporary = await openTemporaryStore();
  const { layout, blobs } = temporary.store;
  const digest = `sha256:${randomBytes(32).toString("hex")}`;
  const partial = layout.foreignPartial(digest);
  await mkdir(dirname(partial), { recursive: true });
  await writeFile(partial, Buffer.alloc(1000, 1));
  const record = JSON.stringify({ N: 0, Offset: 0, Size: 1000, Completed: 400 });
  await writeFile(`${partial}-0`, record);
  const handle = await open(partial, "r+");
  {
    await using staged = await blobs.stage(digest, 1000);
    expect(staged.finishedRanges()).toEqual([]);
  }
  expect(existsSync(partial)).toBe(true);
  expect(await readFile(`${partial}-0`, "utf8")).toBe(record);
  await handle.close();
  await blobs.discardStaged(digest);
  expect(existsSync(partial)).toBe(false);
  expect(existsSync(`${partial}-0`)).toBe(false);
});
