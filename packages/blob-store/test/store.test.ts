import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ModelName } from "@puna/protocol";
import { describe, expect, test } from "vitest";
import { mediaTypes, openStore, StoreError } from "../src/index.ts";
import { openTemporaryStore } from "../src/testing/index.ts";
import { createModel, errorCode, sha256 } from "./support.ts";

const name = ModelName.parse("tiny");

describe("blobs", () => {
  test("keeps bytes under the name of their digest", async () => {
    await using temporary = await openTemporaryStore();
    const { blobs, layout } = temporary.store;
    const info = await blobs.putText("hello");
    expect(info).toEqual({ digest: sha256(Buffer.from("hello")), size: 5 });
    expect(await readFile(join(layout.blobsDir, `sha256-${info.digest.slice(7)}`), "utf8")).toBe("hello");
    expect(await blobs.readText(info.digest)).toBe("hello");
    expect(await blobs.list()).toEqual([info]);
  });

  test("writes JSON as Go does", async () => {
    await using temporary = await openTemporaryStore();
    const info = await temporary.store.blobs.putJson({ stop: ["<a&b>"], none: undefined });
    expect(await temporary.store.blobs.readText(info.digest)).toBe('{"stop":["\\u003ca\\u0026b\\u003e"]}\n');
  });

  test("keeps a stream of many small and large chunks", async () => {
    await using temporary = await openTemporaryStore();
    const bytes = randomBytes(3_000_000);
    async function* chunks() {
      for (let at = 0; at < bytes.length; ) {
        const size = at % 3 === 0 ? 1000 : 70_001;
        // Slices of one big buffer: the store must not take that buffer away from us.
        yield bytes.subarray(at, at + size);
        at += size;
      }
    }
    const info = await temporary.store.blobs.putStream(chunks());
    expect(info).toEqual({ digest: sha256(bytes), size: bytes.length });
    expect(bytes.equals(await readFile(temporary.store.blobs.path(info.digest)))).toBe(true);
  });

  test("refuses a stream with another digest, and leaves nothing behind", async () => {
    await using temporary = await openTemporaryStore();
    const { blobs, layout } = temporary.store;
    const put = blobs.putStream([Buffer.from("abc")] as unknown as AsyncIterable<Uint8Array>, {
      expectedDigest: sha256(Buffer.from("abd")),
    });
    expect(await errorCode(put)).toBe("DIGEST_MISMATCH");
    expect(await blobs.list()).toEqual([]);
    expect(await readdir(layout.incomingDir)).toEqual([]);
  });

  test.each([
    "sha256:../../x",
    "sha256:..%2f",
    "sha256:abc",
    "sha512:".padEnd(135, "a"),
    `sha256-${"g".repeat(64)}`,
  ])("CVE-2024-37032, CVE-2026-7020: digest %s never becomes a path", async (digest) => {
    await using temporary = await openTemporaryStore();
    const { blobs } = temporary.store;
    expect(() => blobs.path(digest)).toThrow(StoreError);
    for (const ask of [
      blobs.has(digest),
      blobs.open(digest),
      blobs.readText(digest),
      blobs.stage(digest, 1),
    ]) {
      expect(await errorCode(ask)).toBe("INVALID_DIGEST");
    }
  });
});

describe("staged blobs", () => {
  test.each([1000, 3_000_000])(
    "accepts %i bytes in any order and resumes after being dropped",
    async (size) => {
      await using temporary = await openTemporaryStore();
      const { blobs } = temporary.store;
      const bytes = randomBytes(size);
      const digest = sha256(bytes);
      const third = Math.floor(size / 3);
      {
        await using staged = await blobs.stage(digest, size);
        await staged.write(2 * third, [Buffer.from(bytes.subarray(2 * third))]);
        await staged.write(0, [Buffer.from(bytes.subarray(0, 100)), Buffer.from(bytes.subarray(100, third))]);
        await staged.hashedTo(third);
        expect(staged.hashedBytes()).toBe(third);
        expect(await errorCode(staged.commit())).toBe("SIZE_MISMATCH");
      }
      expect(await blobs.has(digest)).toBe(false);
      const staged = await blobs.stage(digest, size);
      expect(staged.finishedRanges()).toEqual([
        { start: 0, end: third },
        { start: 2 * third, end: size },
      ]);
      await staged.write(third, [Buffer.from(bytes.subarray(third, 2 * third))]);
      await staged.commit();
      expect(bytes.equals(await readFile(blobs.path(digest)))).toBe(true);
      expect(await readdir(temporary.store.layout.stagingDir)).toEqual([]);
    },
  );

  test("a wrong byte is refused, and the next run starts afresh", async () => {
    await using temporary = await openTemporaryStore();
    const { blobs } = temporary.store;
    const digest = sha256(Buffer.from("right"));
    const staged = await blobs.stage(digest, 5);
    await staged.write(0, [Buffer.from("wrong")]);
    await expect(staged.commit()).rejects.toThrow(
      /^digest mismatch, file must be downloaded again: want sha256:/,
    );
    await staged[Symbol.asyncDispose]();
    await using again = await blobs.stage(digest, 5);
    expect(again.finishedRanges()).toEqual([]);
  });

  test("takes over an unfinished download of Ollama's", async () => {
    await using temporary = await openTemporaryStore();
    const { blobs, layout } = temporary.store;
    const bytes = randomBytes(3_000_000);
    const digest = sha256(bytes);
    await mkdir(layout.blobsDir, { recursive: true });
    const sparse = Buffer.alloc(bytes.length);
    bytes.copy(sparse, 0, 0, 500_000);
    bytes.copy(sparse, 1_500_000, 1_500_000, 1_600_000);
    await writeFile(layout.foreignPartial(digest), sparse);
    const record = (part: object) => `${JSON.stringify(part)}\n`;
    await writeFile(
      `${layout.foreignPartial(digest)}-0`,
      record({ N: 0, Offset: 0, Size: 1_500_000, Completed: 500_000 }),
    );
    await writeFile(
      `${layout.foreignPartial(digest)}-1`,
      record({ N: 1, Offset: 1_500_000, Size: 1_500_000, Completed: 100_000 }),
    );
    const staged = await blobs.stage(digest, bytes.length);
    expect(staged.finishedRanges()).toEqual([
      { start: 0, end: 500_000 },
      { start: 1_500_000, end: 1_600_000 },
    ]);
    await staged.write(500_000, [Buffer.from(bytes.subarray(500_000, 1_500_000))]);
    await staged.write(1_600_000, [Buffer.from(bytes.subarray(1_600_000))]);
    await staged.commit();
    expect(bytes.equals(await readFile(blobs.path(digest)))).toBe(true);
    expect(await readdir(layout.blobsDir)).toEqual([`sha256-${digest.slice(7)}`]);
  });

  test("leaves a partial file of unknown format alone", async () => {
    await using temporary = await openTemporaryStore();
    const { blobs, layout } = temporary.store;
    const digest = sha256(Buffer.from("x"));
    await mkdir(layout.blobsDir, { recursive: true });
    await writeFile(layout.foreignPartial(digest), "?");
    const staged = await blobs.stage(digest, 1);
    expect(staged.finishedRanges()).toEqual([]);
    await staged.write(0, [Buffer.from("x")]);
    await staged.commit();
    expect(await readFile(layout.foreignPartial(digest), "utf8")).toBe("?");
  });

  test("two at once on one blob: the second waits and finds it finished", async () => {
    await using temporary = await openTemporaryStore();
    await using other = openStore({ modelsDir: temporary.store.layout.modelsDir });
    const digest = sha256(Buffer.from("one"));
    const first = await temporary.store.blobs.stage(digest, 3);
    const second = other.blobs.stage(digest, 3);
    await first.write(0, [Buffer.from("one")]);
    await first.commit();
    await using finished = await second;
    expect(finished.finishedRanges()).toEqual([{ start: 0, end: 3 }]);
  });
});

describe("manifests", () => {
  test("lists what was written, newest first, with digest and size of the file", async () => {
    await using temporary = await openTemporaryStore();
    const { manifests } = temporary.store;
    const stored = await createModel(temporary.store, name, Buffer.from("weights"));
    const other = await createModel(temporary.store, ModelName.parse("ns/other:v1"), Buffer.from("more"));
    await utimes(temporary.store.layout.manifest(name), 1, 1);
    const listed = await manifests.list();
    expect(listed.map(({ name: { model } }) => model)).toEqual(["other", "tiny"]);
    expect(listed[0]?.digest).toBe(other.digest);
    const text = await readFile(temporary.store.layout.manifest(name), "utf8");
    expect(stored.digest).toBe(sha256(Buffer.from(text)).slice(7));
    expect(text.endsWith("}]}\n")).toBe(true);
    expect(stored.sizeBytes).toBe(7 + stored.manifest.config.size);
  });

  test("a manifest whose blob is missing is not written", async () => {
    await using temporary = await openTemporaryStore();
    const config = await temporary.store.blobs.putText("{}");
    const write = temporary.store.manifests.write(name, {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, ...config },
      layers: [{ mediaType: mediaTypes.model, digest: sha256(Buffer.from("?")), size: 1 }],
    });
    expect(await errorCode(write)).toBe("BLOB_NOT_FOUND");
    expect(await temporary.store.manifests.list()).toEqual([]);
  });

  test("resolves a name to the casing in the store", async () => {
    await using temporary = await openTemporaryStore();
    await createModel(temporary.store, ModelName.parse("Mixed:Tag"), Buffer.from("weights"));
    const found = await temporary.store.manifests.resolve(ModelName.parse("mIXED:tAG"));
    expect(found).toMatchObject({ model: "Mixed", tag: "Tag" });
    expect(await temporary.store.manifests.resolve(ModelName.parse("other"))).toBeUndefined();
    const { manifests } = temporary.store;
    expect(await manifests.find(ModelName.parse("mIXED:tAG"))).toEqual(
      found && (await manifests.read(found)),
    );
    expect(await manifests.find(ModelName.parse("other"))).toBeUndefined();
  });

  test("a copy shares layers; deleting one keeps what the other needs; deleting both leaves an empty store", async () => {
    await using temporary = await openTemporaryStore();
    const { blobs, manifests, layout } = temporary.store;
    await createModel(temporary.store, name, Buffer.from("weights"));
    const copy = ModelName.parse("127.0.0.1:5000/ns/copy");
    await manifests.copy(name, copy);
    expect((await manifests.delete(name)).removed).toEqual([]);
    expect((await blobs.list()).length).toBe(2);
    expect((await manifests.delete(copy)).removed.length).toBe(2);
    expect(await blobs.list()).toEqual([]);
    expect(await readdir(layout.manifestsDir)).toEqual([]);
    expect(await errorCode(manifests.delete(copy))).toBe("MODEL_NOT_FOUND");
  });

  test("deleting a model whose blob is in use leaves the blob to prune", async () => {
    await using temporary = await openTemporaryStore();
    const { blobs, manifests } = temporary.store;
    const stored = await createModel(temporary.store, name, Buffer.from("weights"));
    const digest = stored.manifest.layers[0]?.digest ?? "";
    const lease = await temporary.store.lease([digest]);
    await manifests.delete(name);
    expect(await blobs.has(digest)).toBe(true);
    expect((await temporary.store.prune({ minAgeMs: 0 })).kept.map((file) => file.path)).toEqual([
      blobs.path(digest),
    ]);
    await lease[Symbol.asyncDispose]();
    await temporary.store.prune({ minAgeMs: -1000 });
    expect(await blobs.list()).toEqual([]);
  });

  test.each([
    ["an empty object", "{}"],
    ["an index", '{"schemaVersion":2,"manifests":[]}'],
    ["no layers", '{"schemaVersion":2,"config":{"mediaType":"a","digest":"","size":0}}'],
    [
      "an upper-case digest",
      `{"schemaVersion":2,"layers":[],"config":{"mediaType":"a","size":0,"digest":"sha256:${"A".repeat(64)}"}}`,
    ],
    [
      "a climbing digest",
      '{"schemaVersion":2,"layers":[],"config":{"mediaType":"a","size":0,"digest":"sha256:../../../etc/passwd"}}',
    ],
    [
      "a negative size",
      `{"schemaVersion":2,"layers":[],"config":{"mediaType":"a","size":-1,"digest":"sha256:${"a".repeat(64)}"}}`,
    ],
    ["half a file", '{"schemaVersion":2,'],
  ])("CVE-2025-1975: refuses a manifest with %s", async (_what, text) => {
    await using temporary = await openTemporaryStore();
    expect(await errorCode(temporary.store.manifests.write(name, Buffer.from(text)))).toBe(
      "MANIFEST_INVALID",
    );
  });

  test("CVE-2025-44779: names cannot reach outside the store", async () => {
    await using temporary = await openTemporaryStore();
    const { manifests } = temporary.store;
    await writeFile(join(temporary.home, "victim"), "keep");
    for (const bad of [
      { host: "..", namespace: "..", model: "..", tag: "victim" },
      { host: "h", namespace: "n", model: "m", tag: "../../../../../victim" },
      { host: "h", namespace: "n", model: "m", tag: "" },
      { host: "h/..", namespace: "n", model: "m", tag: "t" },
    ]) {
      expect(await errorCode(manifests.delete(bad))).toBe("INVALID_NAME");
      expect(await errorCode(manifests.read(bad))).toBe("INVALID_NAME");
    }
    expect(await readFile(join(temporary.home, "victim"), "utf8")).toBe("keep");
  });

  test("an unreadable manifest is reported, not fatal, stops a prune, and can be deleted", async () => {
    await using temporary = await openTemporaryStore();
    const { manifests, layout } = temporary.store;
    await createModel(temporary.store, name, Buffer.from("weights"));
    const broken = ModelName.parse("broken");
    await mkdir(join(layout.manifest(broken), ".."), { recursive: true });
    await writeFile(layout.manifest(broken), "{");
    const invalid: string[] = [];
    expect((await manifests.list({ onInvalid: (path) => invalid.push(path) })).length).toBe(1);
    expect(invalid).toEqual([layout.manifest(broken)]);
    expect(await errorCode(temporary.store.prune({ minAgeMs: 0 }))).toBe("MANIFEST_INVALID");
    await manifests.delete(broken);
    expect(existsSync(layout.manifest(broken))).toBe(false);
  });
});

describe("import", () => {
  test("hard links where it cannot reflink: never two full copies", async () => {
    await using temporary = await openTemporaryStore();
    const path = join(temporary.home, "model.gguf");
    const bytes = randomBytes(100_000);
    await writeFile(path, bytes);
    const info = await temporary.store.blobs.importFile(path);
    expect(info).toEqual({ digest: sha256(bytes), size: bytes.length });
    const [source, blob] = [await stat(path), await stat(temporary.store.blobs.path(info.digest))];
    expect(source.ino === blob.ino || blob.blocks <= source.blocks).toBe(true);
    expect(await temporary.store.blobs.importFile(path)).toEqual(info);
  });

  test("CVE-2024-39721: refuses devices and folders", async () => {
    await using temporary = await openTemporaryStore();
    const loop = join(temporary.home, "loop");
    await symlink("/dev/random", loop);
    for (const path of ["/dev/random", loop, temporary.home, "/nowhere"]) {
      expect(await errorCode(temporary.store.blobs.importFile(path))).toBe("SOURCE_REFUSED");
    }
  });

  test("CVE-2024-39719, CVE-2024-39722: a missing path and a folder are told in the same words", async () => {
    await using temporary = await openTemporaryStore();
    const text = async (path: string) =>
      await temporary.store.blobs
        .importFile(path)
        .catch((error: Error) => error.message.replace(path, "PATH"));
    expect(await text("/nowhere")).toBe(await text(temporary.home));
  });
});
