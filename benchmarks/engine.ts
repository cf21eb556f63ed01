/**
 * The whole server, as built, beside llama-server or Ollama, over HTTP, in fresh processes that take turns.
 *
 *   node benchmarks/engine.ts [--pairs 9] [--model gemma|qwen|PATH] [--threads 2, 0 = own choice]
 *     [--peer auto|fetched|built | --ollama PATH] [--only one,streams,chats,embed] [--drafts 0]
 *
 * Peers come from `node scripts/llama-server.mjs fetch` and `build`; `auto` compares with the faster one of those
 * that are there, and starts with the built one alone. Ollama is the program that is named, such as an installed one;
 * it runs on its own defaults, as users have it, and the goals stay those beside llama-server. Models: `node scripts/fetch-models.mjs gemma qwen minilm`.
 * Prints the median of both, the median of ours / theirs (or of ours alone) with its 90 % interval, and whether
 * the goal is reached: the interval reaches it and the median is within 0.03 of it.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { peerPath } from "../scripts/llama-server.mjs";
import { miniLmPath } from "../scripts/minilm.mjs";
import { modelPath } from "../scripts/model-files.mjs";
import { foreignCpu } from "./engine-foreign-cpu.ts";
import { llamaServerSubject } from "./engine-llama-server.ts";
import { type Figures, measure } from "./engine-measure.ts";
import { ollamaSubject } from "./engine-ollama.ts";
import { punaSubject } from "./engine-puna.ts";
import { median } from "./engine-ratio.ts";
import { judgeRow, rows } from "./engine-rows.ts";
import type { Subject } from "./engine-subject.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "gemma" },
    pairs: { type: "string", default: "9" },
    threads: { type: "string", default: "2" },
    peer: { type: "string", default: "auto" },
    ollama: { type: "string" },
    only: { type: "string" },
    // The peer has none: what they bring is measured by drafts.ts.
    drafts: { type: "string", default: "0" },
  },
});
const setup = {
  model: existsSync(values.model) ? values.model : modelPath(values.model),
  embeddingModel: miniLmPath(),
  threads: Number(values.threads),
  only: values.only?.split(","),
  drafts: values.drafts,
};
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], {
  cwd: import.meta.dirname,
  encoding: "utf8",
});
const puna = punaSubject(setup, commit.trim());
const peers = values.ollama === undefined ? llamaServers() : [ollamaSubject(values.ollama, setup)];
const begun = performance.now();

console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores, node ${process.version}`);
console.log(
  `${setup.model.split("/").at(-1)}, ${setup.threads || "own choice of"} threads, puna at ${puna.version}`,
);
for (const { name, version } of peers)
  console.log(`${values.ollama === undefined ? "llama-server, " : ""}${name}: ${version}`);
const peer = await fasterOf(peers);
const starter = peers.find(({ name }) => name === "built") ?? peer;
console.log(`peer: ${peer.name}; of starts: ${starter.name}\n`);

const ours: Figures[] = [];
const theirs: Figures[] = [];
const starts: Figures[] = [];
for (let pair = 0; pair < Number(values.pairs); pair++) {
  const turns: [Subject, Figures[], typeof setup][] = [
    [puna, ours, setup],
    [peer, theirs, setup],
  ];
  if (starter !== peer && (setup.only ?? ["one"]).includes("one")) {
    turns.push([starter, starts, { ...setup, only: ["one"] }]);
  }
  // Who goes first changes, so that warmth of caches and drift even out.
  if (pair % 2 === 1) turns.reverse();
  for (const [subject, into, how] of turns) into.push(await take(subject, how));
}

console.log(
  `\n${"figure".padEnd(35)} ${"puna".padStart(9)} ${"server".padStart(9)}        ours / theirs, or ours`,
);
const results = rows.flatMap((row) => {
  const against = row.isStart && starter !== peer ? starts : theirs;
  return judgeRow(row, { ours, theirs: against }) ?? [];
});
for (const { line } of results) console.log(line);
const missed = results.filter(({ passes }) => !passes).length;
console.log(
  `\n${results.length - missed} of ${results.length} reached, in ${minutes(performance.now() - begun)}`,
);
process.exitCode = missed === 0 ? 0 : 1;

async function take(subject: Subject, how: typeof setup): Promise<Figures> {
  const other = foreignCpu();
  const figures = await measure(subject, how);
  const line = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(1)}`);
  console.log(`${subject.name.padEnd(8)} foreign CPU ${other().toFixed(2)}  ${line.join("  ")}`);
  return figures;
}

function llamaServers(): Subject[] {
  return (["fetched", "built"] as const).flatMap((kind) => {
    const wanted = values.peer === "auto" || values.peer === kind;
    const path = peerPath(kind);
    return wanted && existsSync(path) ? [llamaServerSubject(kind, path, setup)] : [];
  });
}

/** By one and by eight streams, twice each. */
async function fasterOf(candidates: readonly Subject[]): Promise<Subject> {
  const [first, second] = candidates;
  if (first === undefined) throw new Error("no llama-server: node scripts/llama-server.mjs fetch (or build)");
  if (second === undefined) return first;
  const speed = new Map<Subject, number[]>([
    [first, []],
    [second, []],
  ]);
  for (const subject of [first, second, second, first]) {
    const figures = await measure(subject, { ...setup, only: ["one", "streams"] });
    speed.get(subject)?.push((figures["decode 1"] ?? 0) * (figures["decode 8"] ?? 0));
  }
  return median(speed.get(first) ?? []) >= median(speed.get(second) ?? []) ? first : second;
}

function minutes(ms: number): string {
  return `${(ms / 60_000).toFixed(1)} minutes`;
}
