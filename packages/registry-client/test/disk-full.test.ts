import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { publishModel, startLoopbackRegistry } from "../src/testing/index.ts";

/** Shell text that runs `"$@" fill` where a few megabytes are too many, then `"$@" resume` where they are not. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  // Works for everybody: the system refuses to let one file grow beyond 2 MiB.
  "a quota": ["sh", "-c", '(ulimit -S -f 4096; "$0" "$@" fill); exec "$0" "$@" resume'],
  ...(canMountSmallDisk() && {
    "a file system of 4 MB": [
      "unshare",
      "-rm",
      "sh",
      "-c",
      'mount -t tmpfs -o size=4m none "$FOLDER" && "$0" "$@" fill && rm "$FOLDER/other" && exec "$0" "$@" resume',
    ],
  }),
};

/** A file system visible to one child process only. */
function canMountSmallDisk(): boolean {
  const run = spawnSync("unshare", ["-rm", "sh", "-c", "mount -t tmpfs -o size=1m none /mnt"]);
  if (run.status === 0) return true;
  console.log("this system lets tests mount no small disk (unshare -rm); a quota stands for it");
  return false;
}

const source = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));

const code = `
import { writeFileSync } from "node:fs";
import { openStore } from ${source("../../blob-store/src/index.ts")};
import { createRegistryClient } from ${source("../src/index.ts")};
const { FOLDER: folder, HOST: host, DIGEST: digest, SIZE: size } = process.env;
const store = openStore({ modelsDir: folder + "/models" });
const client = createRegistryClient({ store, retry: { attempts: 2, baseMs: 1 }, bytesPerSecond: 6_000_000 });
const name = { host, namespace: "library", model: "m", tag: "latest" };
const result = { phase: process.argv.at(-1) };
let filled = result.phase !== "fill" || process.env.OTHER === "";
const finished = async () => {
  await using staged = await store.blobs.stage(digest, Number(size));
  return staged.finishedRanges().reduce((sum, { start, end }) => sum + end - start, 0);
};
if (result.phase === "resume") result.finished = await finished();
try {
  for await (const event of client.pull(name, { insecure: true })) {
    // Wanted later than asked for: the check before the first byte must not be what saves us.
    if (event.type !== "transfer" || event.completedBytes < 200_000 || filled) continue;
    filled = true;
    writeFileSync(folder + "/other", Buffer.alloc(2_500_000));
  }
} catch (error) {
  Object.assign(result, { code: error.code, message: error.message });
}
result.models = (await store.manifests.list()).length;
console.log(JSON.stringify(result));
process.exit(0);
`;

interface Phase {
  readonly phase: string;
  readonly code?: string;
  readonly message?: string;
  readonly models: number;
  readonly finished?: number;
}

test.each(Object.keys(kinds))(
  "%s that fills up in mid-pull is told at once, lists no model, and costs no finished byte",
  async (kind) => {
    await using registry = await startLoopbackRegistry();
    const weights = randomBytes(3_000_000);
    const { digest } = publishModel(registry, weights);
    const folder = await mkdtemp(join(tmpdir(), "puna-full-"));
    let served = 0;
    let phase: string | undefined;
    registry.intercept = (request) => {
      const isBlob = request.method === "GET" && request.url?.endsWith(digest) === true;
      // The resuming process asks for the manifest first.
      if (request.url?.includes("/manifests/") === true) phase = phase === undefined ? "fill" : "resume";
      if (isBlob && phase === "resume") {
        const [, start = "0", end = "0"] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
        served += Number(end) + 1 - Number(start);
      }
      return false;
    };
    try {
      const [program = "", ...head] = kinds[kind] ?? [];
      const node = [process.execPath, "--conditions=@puna/source", "--input-type=module", "-e", code, "--"];
      const other = kind === "a quota" ? "" : "yes";
      const child = spawn(program, [...head, ...node], {
        stdio: ["ignore", "pipe", "inherit"],
        env: {
          ...process.env,
          FOLDER: folder,
          HOST: registry.host,
          DIGEST: digest,
          SIZE: String(weights.length),
          OTHER: other,
        },
      });
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
      await once(child, "close");
      const lines = output.trim().split("\n");
      const [fill, resume] = lines.map((line): Phase => JSON.parse(line));
      expect(fill).toMatchObject({ phase: "fill", code: "OUT_OF_SPACE", models: 0 });
      expect(fill?.message).toMatch(
        /^No space left on the disk while writing blob sha256:.*; free some and run again to resume$/,
      );
      expect(resume).toMatchObject({ phase: "resume", models: 1 });
      expect(resume?.finished).toBeGreaterThan(200_000);
      expect(served).toBe(weights.length - (resume?.finished ?? 0));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
