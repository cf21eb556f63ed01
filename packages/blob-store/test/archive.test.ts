import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ModelName } from "@puna/protocol";
import { describe, expect, test } from "vitest";
import { tarEnd, tarHeader, tarPadding } from "../src/archive/tar-writer.ts";
import { openStore } from "../src/index.ts";
import { openTemporaryStore } from "../src/testing/index.ts";
import { createModel, errorCode, sha256 } from "./support.ts";

const name = ModelName.parse("registry.test/team/model:v1");

async function* once(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

function tarFile(path: string, bytes: Uint8Array): Uint8Array[] {
  return [tarHeader(path, bytes.byteLength, new Date(0)), bytes, tarPadding(bytes.byteLength)];
}

describe("export and import", () => {
  test("a model comes back byte for byte, under its own name or another", async () => {
    await using first = await openTemporaryStore();
    await using second = await openTemporaryStore();
    const weights = randomBytes(10_000_000);
    const stored = await createModel(first.store, name, weights);
    const file = join(first.home, "model.tar");
    await writeFile(file, first.store.exportModel(name));
    const imported = await second.store.importArchive(createReadStream(file));
    expect(imported.name).toEqual(stored.name);
    expect(imported.digest).toBe(stored.digest);
    const digest = stored.manifest.layers[0]?.digest ?? "";
    expect(weights.equals(await readFile(second.store.blobs.path(digest)))).toBe(true);
    const renamed = await second.store.importArchive(createReadStream(file), ModelName.parse("other"));
    expect(renamed.name).toMatchObject({ model: "other", tag: "latest" });
    expect((await second.store.verify()).corrupt).toEqual([]);
  });

  test("a delete during an export, and a prune during an import, take nothing from either", async () => {
    await using first = await openTemporaryStore();
    await using second = await openTemporaryStore();
    await createModel(first.store, name, randomBytes(3_000_000), randomBytes(2_000_000));
    await using other = openStore({ modelsDir: first.store.layout.modelsDir });
    await using pruner = openStore({ modelsDir: second.store.layout.modelsDir });
    async function* interrupted() {
      let position = 0;
      let isDeleted = false;
      for await (const chunk of first.store.exportModel(name)) {
        position += chunk.byteLength;
        if (position > 1_000_000 && !isDeleted) {
          isDeleted = true;
          await other.manifests.delete(name);
        }
        await pruner.prune({ minAgeMs: -1000 });
        yield chunk;
      }
    }
    await second.store.importArchive(interrupted());
    expect(await first.store.manifests.list()).toEqual([]);
    expect((await second.store.verify()).damagedModels).toEqual([]);
    expect((await second.store.manifests.list()).length).toBe(1);
    expect((await first.store.prune({ minAgeMs: -1000 })).remove.length).toBe(3);
  });

  test("tar and sha256sum read an export: it is an OCI image layout", async () => {
    await using temporary = await openTemporaryStore();
    const stored = await createModel(temporary.store, name, randomBytes(100_000));
    const file = join(temporary.home, "model.tar");
    await writeFile(file, temporary.store.exportModel(name));
    expect(spawnSync("tar", ["-xf", file, "-C", temporary.home]).status).toBe(0);
    const index = JSON.parse(await readFile(join(temporary.home, "index.json"), "utf8"));
    expect(index.manifests[0].digest).toBe(`sha256:${stored.digest}`);
    expect(JSON.parse(await readFile(join(temporary.home, "oci-layout"), "utf8"))).toEqual({
      imageLayoutVersion: "1.0.0",
    });
    for (const hex of await readdir(join(temporary.home, "blobs/sha256"))) {
      expect(sha256(await readFile(join(temporary.home, "blobs/sha256", hex)))).toBe(`sha256:${hex}`);
    }
  });

  test("an archive packed again by tar is read, wherever it is cut into chunks", async () => {
    await using temporary = await openTemporaryStore();
    await createModel(temporary.store, name, randomBytes(3000));
    const file = join(temporary.home, "model.tar");
    const folder = join(temporary.home, "x");
    await writeFile(file, temporary.store.exportModel(name));
    spawnSync("mkdir", [folder]);
    spawnSync("tar", ["-xf", file, "-C", folder]);
    for (const format of ["gnu", "pax", "ustar"]) {
      const packed = spawnSync("tar", ["-c", `--format=${format}`, "-C", folder, "."], {
        maxBuffer: 1e8,
      }).stdout;
      const pieces: Buffer[] = [];
      for (let at = 0; at < packed.length; at += 777) pieces.push(packed.subarray(at, at + 777));
      const imported = await temporary.store.importArchive(once(...pieces));
      expect(imported.name).toMatchObject({ model: "model" });
    }
  });

  test("sizes beyond 8 GiB are written in base 256", () => {
    const header = tarHeader("x", 9 * 2 ** 30, new Date(0));
    expect(header[124]).toBe(0x80);
    expect(header.readBigUInt64BE(128)).toBe(9n * 2n ** 30n);
  });
});

describe("CVE-2024-45436, CVE-2024-7773: hostile archives", () => {
  const header = (path: string, type: string) => {
    const made = tarHeader(path, 0, new Date(0));
    made.write(type, 156, "latin1");
    made.fill(" ", 148, 156);
    const sum = made.reduce((total, byte) => total + byte, 0);
    made.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    return made;
  };

  test.each(["../escape", "/etc/passwd", "blobs/../../x", "C:\\x", "a\\..\\b", "./../x"])(
    "path %s is refused",
    async (path) => {
      await using temporary = await openTemporaryStore();
      const archive = once(...tarFile(path, Buffer.from("x")), tarEnd);
      expect(await errorCode(temporary.store.importArchive(archive, name))).toBe("ARCHIVE_INVALID");
    },
  );

  test.each([
    ["hard link", "1"],
    ["symbolic link", "2"],
    ["character device", "3"],
    ["block device", "4"],
    ["pipe", "6"],
  ])("%s is refused", async (_kind, type) => {
    await using temporary = await openTemporaryStore();
    const archive = once(header("blobs/x", type), tarEnd);
    expect(await errorCode(temporary.store.importArchive(archive, name))).toBe("ARCHIVE_INVALID");
  });

  test("other bytes than the name says, a cut, damage, and a missing manifest are refused; nothing is listed", async () => {
    await using temporary = await openTemporaryStore();
    const hex = "a".repeat(64);
    const wrong = once(...tarFile(`blobs/sha256/${hex}`, Buffer.from("x")), tarEnd);
    expect(await errorCode(temporary.store.importArchive(wrong, name))).toBe("DIGEST_MISMATCH");
    const cut = once(tarHeader("index.json", 100, new Date(0)), Buffer.from("{"));
    expect(await errorCode(temporary.store.importArchive(cut, name))).toBe("ARCHIVE_INVALID");
    const damaged = tarHeader("index.json", 1, new Date(0));
    damaged[0] = 0x7a;
    expect(await errorCode(temporary.store.importArchive(once(damaged, Buffer.alloc(512)), name))).toBe(
      "ARCHIVE_INVALID",
    );
    const index = Buffer.from(JSON.stringify({ manifests: [{ digest: `sha256:${hex}` }] }));
    const empty = once(...tarFile("index.json", index), tarEnd);
    expect(await errorCode(temporary.store.importArchive(empty, name))).toBe("ARCHIVE_INVALID");
    expect(await temporary.store.manifests.list()).toEqual([]);
  });
});
