import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ModelName } from "@puna/protocol";
import { describe, expect, test } from "vitest";
import { findModelFiles, openIdentity, openStore } from "../src/index.ts";
import { openTemporaryStore } from "../src/testing/index.ts";
import { createModel, errorCode } from "./support.ts";

const name = ModelName.parse("tiny");

describe("verify", () => {
  test("finds corrupt, missing and orphaned blobs, and the models that suffer", async () => {
    await using temporary = await openTemporaryStore();
    const { store } = temporary;
    const damaged = await createModel(store, name, Buffer.from("weights"));
    const holed = await createModel(store, ModelName.parse("holed"), Buffer.from("other"));
    const orphan = await store.blobs.putText("nobody needs me");
    expect(await store.verify()).toMatchObject({
      checkedBlobs: 4,
      corrupt: [],
      missing: [],
      orphaned: [orphan],
      damagedModels: [],
    });
    const [corrupt, missing] = [damaged, holed].map((stored) => stored.manifest.layers[0]?.digest ?? "");
    await writeFile(store.blobs.path(corrupt ?? ""), "wEights");
    await rm(store.blobs.path(missing ?? ""));
    const report = await store.verify({ repair: true });
    expect(report.corrupt.map((blob) => blob.digest)).toEqual([corrupt]);
    expect(report.missing.map((blob) => blob.digest)).toEqual([missing]);
    expect(report.damagedModels.map((model) => model.model).toSorted()).toEqual(["holed", "tiny"]);
    expect(await store.blobs.has(corrupt ?? "")).toBe(false);
  });
});

describe("prune and df", () => {
  test("a plan names what would go and changes nothing; young files stay", async () => {
    await using temporary = await openTemporaryStore();
    const { store } = temporary;
    await createModel(store, name, Buffer.from("weights"));
    const orphan = await store.blobs.putText("orphan");
    await using _staged = await store.blobs.stage(`sha256:${"a".repeat(64)}`, 10);
    for (const file of ["puna-quantized-1.gguf", "strangers-file"])
      await writeFile(join(store.layout.blobsDir, file), "x");
    expect((await store.planPrune()).remove).toEqual([]);
    const plan = await store.planPrune({ minAgeMs: -1000 });
    expect(plan.remove.map((file) => file.kind).toSorted()).toEqual([
      "blob",
      "partial",
      "partial",
      "partial",
    ]);
    expect(await store.blobs.has(orphan.digest)).toBe(true);
    await store.prune({ minAgeMs: -1000 });
    expect((await store.blobs.list()).length).toBe(2);
    expect(existsSync(join(store.layout.blobsDir, "strangers-file"))).toBe(true);
  });

  test("tells what each model takes alone and together with others", async () => {
    await using temporary = await openTemporaryStore();
    const { store } = temporary;
    await createModel(store, name, Buffer.alloc(1000, 1), Buffer.alloc(500, 2));
    await createModel(store, ModelName.parse("other"), Buffer.alloc(1000, 1));
    const usage = await store.diskUsage();
    expect(usage.models.map(({ name: { model }, ownBytes }) => [model, ownBytes])).toEqual([
      ["tiny", 500],
      ["other", 0],
    ]);
    expect(usage.freeBytes).toBeGreaterThan(0);
  });
});

describe("sharded sets", () => {
  test("a shard brings its siblings, a missing one is named, and safetensors are refused with a way out", async () => {
    await using temporary = await openTemporaryStore();
    const folder = join(temporary.home, "files");
    await mkdir(folder);
    const part = (number: number) => join(folder, `m-0000${number}-of-00003.gguf`);
    for (const number of [1, 2]) await writeFile(part(number), "x");
    await expect(findModelFiles(part(2))).rejects.toThrow(/m-00003-of-00003\.gguf is not beside it/);
    await writeFile(part(3), "x");
    expect(await findModelFiles(part(2))).toEqual([part(1), part(2), part(3)]);
    const tensors = join(temporary.home, "tensors");
    await mkdir(tensors);
    await writeFile(join(tensors, "model.safetensors"), "x");
    await expect(findModelFiles(tensors)).rejects.toThrow(/convert_hf_to_gguf\.py/);
    expect(await errorCode(findModelFiles("/nowhere"))).toBe("SOURCE_REFUSED");
  });

  test("an engine gets the shards side by side under their names, without a copy, until the model is deleted", async () => {
    await using temporary = await openTemporaryStore();
    const { store } = temporary;
    const shards = [1, 2].map((number) => ({
      name: `m-0000${number}-of-00002.gguf`,
      bytes: randomBytes(100),
    }));
    const stored = await createModel(store, name, ...shards);
    const path = (await store.modelFile(stored)) ?? "";
    expect(path.endsWith("m-00001-of-00002.gguf")).toBe(true);
    expect((await readdir(join(path, ".."))).length).toBe(2);
    expect((await stat(path)).ino).toBe(
      (await stat(store.blobs.path(stored.manifest.layers[0]?.digest ?? ""))).ino,
    );
    expect(await store.modelFile(stored)).toBe(path);
    await store.manifests.delete(name);
    expect(existsSync(path)).toBe(false);
  });

  test("a model of one file is that blob", async () => {
    await using temporary = await openTemporaryStore();
    const stored = await createModel(temporary.store, name, Buffer.from("x"));
    expect(await temporary.store.modelFile(stored)).toBe(
      temporary.store.blobs.path(stored.manifest.layers[0]?.digest ?? ""),
    );
  });
});

describe("other processes", () => {
  const source = (code: string) => [
    "--conditions=@puna/source",
    "--input-type=module",
    "-e",
    `import { openStore } from ${JSON.stringify(fileURLToPath(new URL("../src/index.ts", import.meta.url)))};\n${code}`,
  ];

  test("a reserved blob outlives its process and every prune, until a manifest names it or an hour is over", async () => {
    await using temporary = await openTemporaryStore();
    const { store } = temporary;
    const opened = `const store = openStore({ modelsDir: ${JSON.stringify(store.layout.modelsDir)} });`;
    const run = (code: string) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, source(`${opened}\n${code}`), {
        encoding: "utf8",
      });
      return { status, stdout, stderr };
    };
    const [used, forgotten] = ["used", "forgotten"].map((text) => ({
      digest: `sha256:${createHash("sha256").update(text).digest("hex")}`,
      size: text.length,
    }));
    run(`
      for (const text of ["used", "forgotten"]) {
        await store.reserve(text === "used" ? "${used?.digest}" : "${forgotten?.digest}");
        await store.blobs.putText(text);
      }
      process.kill(process.pid, "SIGKILL");`);
    const prune = "console.log((await store.prune({ minAgeMs: -1000 })).kept.length);";
    expect(run(prune)).toMatchObject({ status: 0, stdout: "2\n" });
    await createModel(store, name, Buffer.from("used"));
    expect((await store.manifests.delete(name)).removed).toContainEqual(used);
    expect(run(prune)).toMatchObject({ status: 0, stdout: "1\n" });
    await store.prune({ now: Date.now() + 3_600_001 });
    expect(await store.blobs.list()).toEqual([]);
  });

  test("what a deleted model named stays while another process makes a model", async () => {
    await using temporary = await openTemporaryStore();
    const { store } = temporary;
    const stored = await createModel(store, name, Buffer.from("shared"));
    await using maker = openStore({ modelsDir: store.layout.modelsDir });
    const making = await maker.leaseAll();
    expect((await store.manifests.delete(name)).removed).toEqual([]);
    await maker.manifests.write(ModelName.parse("other"), stored.manifest);
    await making[Symbol.asyncDispose]();
    expect((await store.manifests.delete(ModelName.parse("other"))).removed.length).toBe(2);
  });

  test("a lease of another process keeps a blob, and ends when that process is killed", async () => {
    await using temporary = await openTemporaryStore();
    const { store } = temporary;
    const blob = await store.blobs.putText("in use");
    const child = spawn(
      process.execPath,
      source(`
      const store = openStore({ modelsDir: ${JSON.stringify(store.layout.modelsDir)} });
      await store.lease(["${blob.digest}"]);
      console.log("leased");
      setInterval(() => {}, 1000);`),
    );
    await once(child.stdout, "data");
    await store.prune({ minAgeMs: -1000 });
    expect(await store.blobs.has(blob.digest)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    await store.prune({ minAgeMs: -1000 });
    expect(await store.blobs.has(blob.digest)).toBe(false);
  });

  test("a lock of a killed process is free at once", async () => {
    await using temporary = await openTemporaryStore();
    const { store } = temporary;
    const digest = `sha256:${"b".repeat(64)}`;
    const child = spawn(
      process.execPath,
      source(`
      const store = openStore({ modelsDir: ${JSON.stringify(store.layout.modelsDir)} });
      await store.blobs.stage("${digest}", 3_000_000);
      console.log("staged");
      setInterval(() => {}, 1000);`),
    );
    await once(child.stdout, "data");
    const abort = AbortSignal.timeout(200);
    await expect(store.blobs.stage(digest, 3_000_000, { signal: abort })).rejects.toThrow();
    child.kill("SIGKILL");
    await once(child, "exit");
    const begun = Date.now();
    await using staged = await store.blobs.stage(digest, 3_000_000);
    expect(staged.finishedRanges()).toEqual([]);
    expect(Date.now() - begun).toBeLessThan(10_000);
  });

  test("four processes that copy and delete at once leave a sound store", async () => {
    await using temporary = await openTemporaryStore();
    const { store } = temporary;
    await createModel(store, name, randomBytes(1000));
    const children = Array.from({ length: 4 }, (_, index) =>
      spawn(
        process.execPath,
        source(`
        const store = openStore({ modelsDir: ${JSON.stringify(store.layout.modelsDir)} });
        const base = { host: "registry.ollama.ai", namespace: "library", model: "tiny", tag: "latest" };
        for (let round = 0; round < 10; round += 1) {
          const copy = { ...base, model: "copy${index}" };
          await store.manifests.copy(base, copy);
          await store.blobs.putText("blob ${index} " + round);
          await store.prune();
          await store.manifests.delete(copy);
        }`),
        { stdio: ["ignore", "ignore", "inherit"] },
      ),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0]));
    expect(codes).toEqual([0, 0, 0, 0]);
    const report = await store.verify();
    expect([report.corrupt, report.missing]).toEqual([[], []]);
    expect((await store.manifests.list()).length).toBe(1);
  });
});

describe("speed", () => {
  test("300 models are listed within 100 ms cold and 20 ms warm", async () => {
    await using temporary = await openTemporaryStore();
    const { store } = temporary;
    const stored = await createModel(store, name, Buffer.from("weights"));
    for (let index = 0; index < 300; index += 1) {
      const path = store.layout.manifest(ModelName.parse(`model-${index}:latest`));
      await mkdir(join(path, ".."), { recursive: true });
      await writeFile(path, stored.bytes);
    }
    // The fastest of a few tries: other work on the machine is not what is measured.
    const best = async (list: () => Promise<unknown>) => {
      const times: number[] = [];
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const begun = performance.now();
        await list();
        times.push(performance.now() - begun);
      }
      return Math.min(...times);
    };
    const cold = await best(
      async () => await openStore({ modelsDir: store.layout.modelsDir }).manifests.list(),
    );
    expect((await store.manifests.list()).length).toBe(301);
    const warm = await best(async () => await store.manifests.list());
    console.log(`300 models: ${cold.toFixed(1)} ms cold, ${warm.toFixed(1)} ms warm`);
    expect(cold).toBeLessThan(100);
    expect(warm).toBeLessThan(20);
  });
});

describe("identity", () => {
  test("is made once, private, and understood by ssh-keygen where there is one", async () => {
    await using temporary = await openTemporaryStore();
    const made = await openIdentity(temporary.home);
    const path = join(temporary.home, "id_ed25519");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(`${path}.pub`, "utf8")).toBe(`${made.publicKeyLine}\n`);
    const again = await openIdentity(temporary.home);
    expect(again.publicKeyLine).toBe(made.publicKeyLine);
    expect(again.sign("text")).toBe(made.sign("text"));
    const keygen = spawnSync("ssh-keygen", ["-y", "-f", path], { encoding: "utf8" });
    if (keygen.status === 0) expect(keygen.stdout.trim()).toBe(made.publicKeyLine);
  });

  test("of many who make it at once, all get the same", async () => {
    await using temporary = await openTemporaryStore();
    const made = await Promise.all(Array.from({ length: 8 }, () => openIdentity(temporary.home)));
    expect(new Set(made.map((identity) => identity.publicKeyLine)).size).toBe(1);
    expect((await readdir(temporary.home)).filter((name) => name.includes("tmp"))).toEqual([]);
  });

  test("a damaged key is refused, not replaced", async () => {
    await using temporary = await openTemporaryStore();
    await writeFile(
      join(temporary.home, "id_ed25519"),
      "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    );
    expect(await errorCode(openIdentity(temporary.home))).toBe("IDENTITY_INVALID");
  });
});
