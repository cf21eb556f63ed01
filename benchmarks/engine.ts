/**
 * The engine, as built, beside llama-server, in pairs of fresh processes that take turns.
 *
 *   node benchmarks/engine.ts --server PATH [--model GGUF] [--pairs 9] [--threads 2, 0 = our own choice]
 *     [--parallel 8] [--only decode,ttft,chats] [--runner packages/engine/dist/runner.js when run from source]
 *
 * Prints for each figure the median of both, the median ratio (above 1: ours is better) and its 90 % interval.
 * llama-server's figures include HTTP and SSE on loopback, ours the channel between host and runner.
 */
import { cpus, homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { foreignCpu } from "./engine-foreign-cpu.ts";
import { llamaServerSubject } from "./engine-llama-server.ts";
import { type Figures, measure } from "./engine-measure.ts";
import { punaSubject } from "./engine-puna.ts";
import { describeRatio } from "./engine-ratio.ts";

const { values } = parseArgs({
  options: {
    server: { type: "string" },
    model: {
      type: "string",
      default: join(homedir(), ".cache/puna/models/gemma3-270m-q4_k_m.gguf"),
    },
    pairs: { type: "string", default: "9" },
    threads: { type: "string", default: "2" },
    parallel: { type: "string", default: "8" },
    only: { type: "string" },
    runner: { type: "string" },
  },
});
if (values.server === undefined) throw new Error("--server PATH of a llama-server is needed");

const setup = {
  model: values.model,
  threads: Number(values.threads),
  parallel: Number(values.parallel),
  only: values.only?.split(","),
  runner: values.runner,
};
const subjects = [punaSubject(setup), llamaServerSubject(values.server, setup)] as const;

console.log(
  `${cpus()[0]?.model.trim()}, ${setup.threads} threads, ${setup.parallel} slots, ${setup.model.split("/").at(-1)}`,
);
const ours: Figures[] = [];
const theirs: Figures[] = [];
for (let pair = 0; pair < Number(values.pairs); pair++) {
  // Who goes first alternates, so that warmth of caches and drift even out.
  const order = pair % 2 === 0 ? [0, 1] : [1, 0];
  for (const index of order) {
    const subject = subjects[index === 0 ? 0 : 1];
    const other = foreignCpu();
    const figures = await measure(subject, setup);
    (index === 0 ? ours : theirs).push(figures);
    const line = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(1)}`);
    console.log(`${subject.name.padEnd(13)} foreign CPU ${other().toFixed(2)}  ${line.join("  ")}`);
  }
}

console.log(`\n${"figure".padEnd(24)} ${"puna".padStart(9)} ${"server".padStart(9)}   ratio (90 %)`);
for (const name of Object.keys(ours[0] ?? {}) as (keyof Figures)[]) {
  console.log(
    describeRatio(name, { ours: ours.map((row) => row[name]), theirs: theirs.map((row) => row[name]) }),
  );
}
