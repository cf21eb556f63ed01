import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Shell text that runs `"$@" fill` where a few megabytes are too many, then `"$@" resume` where they are not. */
export const smallDisks: Readonly<Record<string, readonly string[]>> = {
  // Works for everybody: the system refuses to let one file grow beyond 2 MiB.
  "a quota": ["sh", "-c", '(ulimit -S -f 4096; "$0" "$@" fill); exec "$0" "$@" resume'],
  ...(canMountSmallDisk() && {
    "a file system of 7 MB": [
      "unshare",
      "-rm",
      "sh",
      "-c",
      'mount -t tmpfs -o size=7m none "$FOLDER" && "$0" "$@" fill && rm "$FOLDER/other" && exec "$0" "$@" resume',
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

/** Pulls `library/m` in one process until the disk is full, and in another once there is room again. */
export async function fillAndResume(
  kind: string,
  blob: { readonly host: string; readonly digest: string; readonly sizeBytes: number },
): Promise<{ readonly fill: Phase | undefined; readonly resume: Phase | undefined }> {
  const folder = await mkdtemp(join(tmpdir(), "puna-full-"));
  try {
    const [program = "", ...head] = smallDisks[kind] ?? [];
    const node = [process.execPath, "--conditions=@puna/source", "--input-type=module", "-e", code, "--"];
    const child = spawn(program, [...head, ...node], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        FOLDER: folder,
        HOST: blob.host,
        DIGEST: blob.digest,
        SIZE: String(blob.sizeBytes),
        OTHER: kind === "a quota" ? "" : "yes",
      },
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    await once(child, "close");
    const [fill, resume] = output
      .trim()
      .split("\n")
      .map((line): Phase => JSON.parse(line));
    return { fill, resume };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
