// Feeds what comes from outside with mutated inputs: `npm run soak -- fuzz [--seconds N] [--seed S]
// [--target NAME] [--case N]`. A finding is an exception that is not one of the packages' own, or a run of over
// a second; its input is printed, the exit code is 1. `--case` runs one case of a target again.
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { seededRandom } from "@puna/model-format/testing";
import { CodedError } from "@puna/protocol/errors";
import { gguf, outputParsers, tagParsers } from "./model-targets.ts";
import { framing, modelfile, modelName } from "./protocol-targets.ts";
import type { Target } from "./target.ts";
import { goTemplate, jinja } from "./template-targets.ts";

const targets: Readonly<Record<string, Target>> = {
  "go-template": goTemplate,
  jinja,
  modelfile,
  gguf,
  "model-name": modelName,
  framing,
  "output-parsers": outputParsers,
  "tag-parsers": tagParsers,
};

/** Processor time, so that other work on the machine makes no findings. */
const slowMs = 1000;
/** Wall time after which a run counts as hanging: nothing can interrupt it from within. */
const hangMs = 20_000;

interface Order {
  readonly name: string;
  readonly seed: number;
  readonly deadline: number;
  readonly only: number | undefined;
  /** Number of the case that is running. */
  readonly current: Int32Array;
}

function randomOf(seed: number, index: number): () => number {
  return seededRandom(Math.imul(seed + 1, 0x9e3779b1) + index);
}

/** Runs cases of one target until the time is over. @returns a finding, or how many there were */
async function work({ name, seed, deadline, only, current }: Order): Promise<string | number> {
  const target = targets[name];
  if (target === undefined) return `no target ${name}`;
  let refused = 0;
  let index = only ?? 0;
  for (; Date.now() < deadline; index++) {
    current[0] = index;
    const random = randomOf(seed, index);
    const input = target.input(random);
    const before = process.threadCpuUsage();
    try {
      await target.run(input, random);
    } catch (error) {
      if (!(error instanceof CodedError))
        return describe(index, String(error instanceof Error ? error.stack : error), input);
      refused += 1;
    }
    const { user, system } = process.threadCpuUsage(before);
    const tookMs = (user + system) / 1000;
    if (tookMs > slowMs) return describe(index, `took ${Math.round(tookMs)} ms`, input);
    if (only !== undefined) return 1;
  }
  console.log(`${name}: ${index} cases, ${refused} refused`);
  return index;
}

function describe(index: number, problem: string, input: string | Uint8Array): string {
  const shown = typeof input === "string" ? JSON.stringify(input) : Buffer.from(input).toString("base64");
  return `case ${index}: ${problem}\ninput (${typeof input === "string" ? "JSON" : "base64"}): ${shown}`;
}

/** One target in a thread of its own, which is ended when it hangs. */
function runTarget(order: Omit<Order, "current">): Promise<boolean> {
  const current = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: { ...order, current } });
  return new Promise((resolve) => {
    let last = -1;
    const end = (finding: string | undefined) => {
      clearInterval(watch);
      void worker.terminate();
      if (finding !== undefined) console.error(`FINDING in ${order.name}, seed ${order.seed}, ${finding}`);
      resolve(finding === undefined);
    };
    const watch = setInterval(() => {
      const now = Atomics.load(current, 0);
      if (now === last) {
        const input = targets[order.name]?.input(randomOf(order.seed, now)) ?? "";
        end(describe(now, "hangs", input));
      }
      last = now;
    }, hangMs);
    worker.on("message", (result: string | number) => end(typeof result === "string" ? result : undefined));
    worker.on("error", (error) => end(`case ${Atomics.load(current, 0)}: the thread died: ${error.stack}`));
  });
}

if (isMainThread) {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "60" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      target: { type: "string" },
      case: { type: "string" },
    },
  });
  console.log(`seed ${values.seed}`);
  const names = values.target === undefined ? Object.keys(targets) : [values.target];
  const share = (Number(values.seconds) * 1000) / names.length;
  const only = values.case === undefined ? undefined : Number(values.case);
  let isClean = true;
  for (const name of names) {
    const order = { name, seed: Number(values.seed), deadline: Date.now() + share, only };
    isClean = (await runTarget(order)) && isClean;
  }
  process.exit(isClean ? 0 : 1);
} else {
  parentPort?.postMessage(await work(workerData));
}
