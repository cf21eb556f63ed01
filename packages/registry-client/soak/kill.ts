// Kills a process in the middle of changing a store, again and again, and looks what is left:
// `npm run soak -- kill [--seconds N] [--points 200] [--seed S]`.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { type ByteRange, openStore, type Store } from "@puna/blob-store";
import {
  base,
  createFrom,
  type Operation,
  operations,
  perform,
  prepare,
  type Surroundings,
} from "./kill-operations.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string" },
    points: { type: "string", default: "200" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const points = Number(values.points);
const begun = Date.now();
const deadline =
  values.seconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + Number(values.seconds) * 1000;
const random = seededRandom(Number(values.seed));
console.log(`seed ${values.seed}`);

const folder = await mkdtemp(join(tmpdir(), "puna-kill-"));
const registry = await startRegistry();
const modelsDir = join(folder, "models");
await using store = openStore({ modelsDir });
const surroundings: Surroundings = { store, host: registry.host, folder };
const places = new Set<string>();
const killed: Record<string, number> = {};
let count = 0;
try {
  await createFrom(store, base, randomBytes(5000));
  await writeFile(join(folder, "model.gguf"), randomBytes(700_000));
  await writeFile(join(folder, "model.tar"), store.exportModel(base));
  const targets = await findTargets();
  for (let round = 0; count < points && Date.now() < deadline; round += 1) {
    for (const target of shuffled(targets)) {
      if (count >= points || Date.now() >= deadline) break;
      await killAt(target.operation, target.place, 1 + Math.floor(random() * target.passes), round);
    }
  }
  console.log(
    `seed ${values.seed}: ${count} kills at ${places.size} places in ${Math.round((Date.now() - begun) / 1000)} s, ${JSON.stringify(killed)}: every model loads, every blob matches its name`,
  );
  if (count >= 200 && places.size < 40) throw new Error(`Only ${places.size} places were tried`);
} finally {
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Every place each operation passes, found by doing it once unharmed. */
async function findTargets() {
  const targets: { operation: Operation; place: string; passes: number }[] = [];
  for (const operation of operations) {
    await prepare(operation, surroundings);
    const run = runChild(operation);
    if (run.status !== 0) throw new Error(`${operation} failed unharmed: ${run.stderr}`);
    const passed: Record<string, number> = JSON.parse(run.stdout);
    for (const [place, passes] of Object.entries(passed)) targets.push({ operation, place, passes });
  }
  return targets;
}

async function killAt(operation: Operation, place: string, occurrence: number, round: number): Promise<void> {
  const where = `${operation} at ${place} #${occurrence} (round ${round})`;
  await prepare(operation, surroundings);
  const run = runChild(operation, place, String(occurrence));
  // How often a place is passed may differ by a few from run to run; then nothing was killed.
  if (run.status === 0) return;
  if (run.signal !== "SIGKILL") throw new Error(`${where}: ended with ${run.status}: ${run.stderr}`);
  count += 1;
  places.add(place);
  killed[operation] = (killed[operation] ?? 0) + 1;
  await expectSound(where);
  const finished =
    operation === "pull" ? await finishedRanges(store) : new Map<string, readonly ByteRange[]>();
  expectKept(where, finished, JSON.parse(run.stdout));
  await registry.forget();
  await perform(operation, surroundings);
  for (const { digest, start, end } of await registry.served()) {
    const again = finished.get(digest)?.find((range) => range.start < end && start < range.end);
    if (again !== undefined) throw new Error(`${where}: ${digest} ${start}-${end} was fetched again`);
  }
  await expectSound(`${where}, finished`);
  await store.prune({ minAgeMs: -1000 });
  for (const left of [store.layout.stagingDir, store.layout.incomingDir]) {
    const names = await readdir(left).catch(() => []);
    if (names.length > 0) throw new Error(`${where}: ${names.join(", ")} left in ${left}`);
  }
}

/** Nearly everything that was written before the kill counts as finished: writes are of half a mebibyte or more. */
function expectKept(
  where: string,
  finished: ReadonlyMap<string, readonly ByteRange[]>,
  passed: Readonly<Record<string, number>>,
): void {
  const written = (passed["stage:written"] ?? 0) * 512 * 1024;
  const kept = [...finished.values()].flat().reduce((sum, { start, end }) => sum + end - start, 0);
  if (finished.size > 0 && kept < Math.min(written, 6_000_000) - 2 * 1024 * 1024) {
    throw new Error(`${where}: of at least ${written} bytes written only ${kept} were kept`);
  }
}

/** As a process sees it that opens the store now. */
async function expectSound(where: string): Promise<void> {
  await using fresh = openStore({ modelsDir });
  const { corrupt, missing, unreadableManifests } = await fresh.verify();
  if (corrupt.length + missing.length + unreadableManifests.length > 0) {
    throw new Error(`${where}: ${JSON.stringify({ corrupt, missing, unreadableManifests })}`);
  }
}

async function finishedRanges(target: Store): Promise<Map<string, readonly ByteRange[]>> {
  const finished = new Map<string, readonly ByteRange[]>();
  for (const { digest, size } of await registry.blobs()) {
    if (await target.blobs.has(digest)) {
      finished.set(digest, [{ start: 0, end: size }]);
      continue;
    }
    await using staged = await target.blobs.stage(digest, size);
    finished.set(digest, staged.finishedRanges());
  }
  return finished;
}

function runChild(operation: Operation, ...kill: readonly string[]) {
  const child = fileURLToPath(new URL("./kill-child.ts", import.meta.url));
  const parameters = [
    "--conditions=@puna/source",
    child,
    operation,
    modelsDir,
    registry.host,
    folder,
    ...kill,
  ];
  // Hundreds of starts: compiling the sources anew each time would take most of the soak.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, "compiled") };
  return spawnSync(process.execPath, parameters, { encoding: "utf8", timeout: 60_000, env });
}

/** In a thread of its own, since this one waits for the child. */
async function startRegistry() {
  const worker = new Worker(new URL("./kill-registry.ts", import.meta.url), {
    execArgv: ["--conditions=@puna/source"],
  });
  const ask = async <T>(question: string): Promise<T> => {
    const answer = new Promise<T>((resolve) => worker.once("message", resolve));
    worker.postMessage(question);
    return await answer;
  };
  const host = await ask<string>("host");
  return {
    host,
    forget: () => ask<void>("forget"),
    served: () => ask<readonly { digest: string; start: number; end: number }[]>("served"),
    blobs: () => ask<readonly { digest: string; size: number }[]>("blobs"),
    stop: () => worker.terminate(),
  };
}

function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    const [a, b] = [result[index], result[other]];
    if (a !== undefined && b !== undefined) [result[index], result[other]] = [b, a];
  }
  return result;
}

/** mulberry32: small, and the same everywhere. */
function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
