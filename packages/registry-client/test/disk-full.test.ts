import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { publishModel, startLoopbackRegistry } from "../src/testing/index.ts";

/** A file system of a few megabytes, visible to one child process only. */
function canMountSmallDisk(): boolean {
  const run = spawnSync("unshare", ["-rm", "sh", "-c", "mount -t tmpfs -o size=1m none /mnt"]);
  if (run.status === 0) return true;
  const text = "This system lets tests mount no small disk (unshare -rm)";
  console.log(`skipped: ${text}`);
  return false;
}

const code = (folder: string, host: string) => `
import { openStore } from ${JSON.stringify(fileURLToPath(new URL("../../blob-store/src/index.ts", import.meta.url)))};
import { pull } from ${JSON.stringify(fileURLToPath(new URL("../src/index.ts", import.meta.url)))};
const store = openStore({ modelsDir: ${JSON.stringify(folder)} + "/models" });
// Wanted later than asked for: the check before the first byte must not be what saves us.
const other = Buffer.alloc(2_500_000);
const name = { host: ${JSON.stringify(host)}, namespace: "library", model: "m", tag: "latest" };
let filled = false;
try {
  for await (const event of pull({ name, store, insecure: true, retry: { attempts: 2, baseMs: 1 }, bytesPerSecond: 4_000_000 })) {
    if (event.type === "transfer" && event.completedBytes > 200_000 && !filled) {
      filled = true;
      (await import("node:fs")).writeFileSync(${JSON.stringify(folder)} + "/other", other);
    }
  }
  console.log(JSON.stringify({ code: "no error" }));
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message, models: (await store.manifests.list()).length }));
}
process.exit(0);
`;

test.skipIf(!canMountSmallDisk())(
  "a disk that fills up in mid-pull is told so, at once and without a listed model",
  async () => {
    await using registry = await startLoopbackRegistry();
    publishModel(registry, randomBytes(3_000_000));
    const folder = await mkdtemp(join(tmpdir(), "puna-full-"));
    try {
      const script = `mount -t tmpfs -o size=4m none ${folder} && exec "$0" "$@"`;
      const node = [
        process.execPath,
        "--conditions=@puna/source",
        "--input-type=module",
        "-e",
        code(folder, registry.host),
      ];
      const child = spawn("unshare", ["-rm", "sh", "-c", script, ...node], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
      await once(child, "close");
      const result = JSON.parse(output);
      expect(result).toMatchObject({ code: "OUT_OF_SPACE", models: 0 });
      expect(result.message).toMatch(
        /^No space left on the disk while writing blob sha256:.*; free some and run again to resume$/,
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
