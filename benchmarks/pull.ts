// Pull against curl, on loopback, in interleaved pairs: `node --conditions=@puna/source pull.ts [--gib 4] [--pairs 5] [--only latency]`.
// Prints one JSON line per figure. Needs python3, curl and room for three times the model on the disk; with
// `--folder /dev/shm` the disk is left out.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    gib: { type: "string", default: "4" },
    pairs: { type: "string", default: "5" },
    folder: { type: "string", default: tmpdir() },
    /** `latency` leaves the comparison with curl out */
    only: { type: "string", default: "" },
  },
});
const sizeBytes = Math.round(Number(values.gib) * 2 ** 30);
const pairs = Number(values.pairs);
const folder = mkdtempSync(join(values.folder, "puna-pull-"));
const source = join(folder, "model");
const here = import.meta.dirname;

try {
  shell(`head -c ${sizeBytes} /dev/urandom > ${source}`);
  const hex = execFileSync("sha256sum", [source], { encoding: "utf8" }).slice(0, 64);
  if (values.only !== "latency") await compareWithCurl(hex);
  await measureLatency(hex);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function blobUrl(port: number, hex: string): string {
  return `http://127.0.0.1:${port}/v2/library/m/blobs/sha256:${hex}`;
}

async function compareWithCurl(hex: string): Promise<void> {
  await using fast = await startServer([source, hex]);
  const url = blobUrl(fast.port, hex);
  const sink = timed(`curl -s -o /dev/null ${url}`);
  report({ figure: "server to curl", megabytesPerSecond: sizeBytes / sink / 1e6 });

  const times = { curl: [] as number[], pipe: [] as number[], pull: [] as number[], growth: [] as number[] };
  for (let pair = 0; pair < pairs; pair += 1) {
    const blob = join(folder, "blob");
    times.pipe.push(timed(`curl -s ${url} | tee ${blob} | sha256sum > /dev/null && sync ${blob}`));
    rmSync(blob);
    times.curl.push(timed(`curl -s -o ${blob} ${url} && sync ${blob}`));
    rmSync(blob);
    const { wallSeconds, growthBytes } = pullOnce(fast.port);
    times.pull.push(wallSeconds);
    times.growth.push(growthBytes);
  }
  const [pull, pipe, curl] = [median(times.pull), median(times.pipe), median(times.curl)];
  report({ figure: "pull", seconds: times.pull, median: pull, megabytesPerSecond: sizeBytes / pull / 1e6 });
  report({ figure: "curl | tee | sha256sum", seconds: times.pipe, median: pipe });
  report({ figure: "curl", seconds: times.curl, median: curl });
  report({ figure: "pull / (curl | tee | sha256sum)", ratio: pull / pipe, aim: "at most 1.0" });
  report({ figure: "pull / curl", ratio: pull / curl, aim: "at most 1.6, better 1.25" });
  report({ figure: "peak memory growth", mebibytes: Math.max(...times.growth) / 2 ** 20, aim: "under 150" });
}

/** One connection of the slow server carries 50 MB/s: what more of them gain, with the start of the process in it. */
async function measureLatency(hex: string): Promise<void> {
  await using slow = await startServer([source, hex, "0.02", "50e6"]);
  const url = blobUrl(slow.port, hex);
  const sampleBytes = Math.min(300e6, sizeBytes);
  const oneConnection = timed(`curl -s -r 0-${sampleBytes - 1} -o /dev/null ${url}`);
  const gains: number[] = [];
  const processorSeconds: number[] = [];
  const growth: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const pull = pullOnce(slow.port);
    gains.push(sizeBytes / pull.wallSeconds / (sampleBytes / oneConnection));
    processorSeconds.push(pull.processorSeconds);
    growth.push(pull.growthBytes);
  }
  // What a pull cannot beat, whatever the network gives: its bytes end on this disk.
  const blob = join(folder, "blob");
  const disk = timed(`dd if=${source} of=${blob} bs=1M conv=fsync status=none`);
  rmSync(blob);
  report({ figure: "the disk alone: copy and sync", megabytesPerSecond: sizeBytes / disk / 1e6 });
  report({
    figure: "20 ms, 50 MB/s a connection: pull / one connection",
    ratio: median(gains),
    ratios: gains,
    processorSeconds: median(processorSeconds),
    diskAllows: sizeBytes / disk / (sampleBytes / oneConnection),
    aim: "at least 8",
  });
  report({
    figure: "the same: peak memory growth",
    mebibytes: Math.max(...growth) / 2 ** 20,
    aim: "under 150",
  });
}

async function startServer(parameters: readonly string[]) {
  const server = spawn("python3", [join(here, "pull-server.py"), ...parameters], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(server.stdout, "data");
  return {
    port: Number(line),
    [Symbol.asyncDispose]: async () => {
      server.kill("SIGKILL");
    },
  };
}

interface PullFigures {
  readonly wallSeconds: number;
  readonly growthBytes: number;
  /** of the pulling process: what a busy machine hardly distorts */
  readonly processorSeconds: number;
}

function pullOnce(port: number): PullFigures {
  const modelsDir = join(folder, "models");
  const begun = performance.now();
  const parameters = [
    ...process.execArgv,
    join(here, "pull-once.ts"),
    `127.0.0.1:${port}/library/m`,
    modelsDir,
  ];
  const run = spawnSync(process.execPath, parameters, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const wallSeconds = (performance.now() - begun) / 1000;
  rmSync(modelsDir, { recursive: true, force: true });
  if (run.status !== 0) throw new Error(`The pull ended with ${run.status}`);
  const { growthBytes, processorSeconds } = JSON.parse(run.stdout);
  return { wallSeconds, growthBytes, processorSeconds };
}

function timed(command: string): number {
  const begun = performance.now();
  shell(command);
  return (performance.now() - begun) / 1000;
}

function shell(command: string): void {
  const { status } = spawnSync("bash", ["-o", "pipefail", "-c", command], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function report(figure: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify({ ...figure, processors: cpus().length, model: cpus()[0]?.model, sizeBytes }));
}
