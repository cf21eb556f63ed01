/**
 * The whole server under everything at once: `npm run soak -- chaos [--seconds N] [--seed S] [--clients 16]`.
 * Clients with requests of random length that stream, cancel, cut the line and want schemas; two models under a
 * memory limit that holds one; runners killed at random. Each client gives its own number to an instruct model
 * at temperature 0 and must find that one alone. Ends with 1 on a wrong or mixed answer, a leak, a stuck slot or
 * an orphan. Needs two models: `node scripts/fetch-models.mjs gemma qwen`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { seededRandom } from "@puna/model-format/testing";
import { isAlive, untilTrue } from "../support/processes.ts";
import { type ChaosRequest, chaosRequest, judge, names, type Random } from "./chaos-requests.ts";
import { disconnect, type Outcome, send } from "./chaos-send.ts";
import { storeDir, storeModels } from "./soak-models.ts";
import { processorSeconds, proportionalMemory, type SoakServer, startSoakServer } from "./soak-server.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "900" },
    seed: { type: "string", default: String(Date.now() % 100_000) },
    clients: { type: "string", default: "16" },
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
const clients = Number(values.clients);

/** Holds the larger model with its contexts, or the smaller one, never both. */
const memoryLimitBytes = 2_000_000_000;
const slots = 4;
/** Waiting for a dozen others, for the other model and for two loads is no standstill; this is. */
const deadlineMs = 300_000;
/** Memory that comes back to within this share is no leak. */
const leakShare = 1.05;

const counts = new Map<string, number>();
const violations: string[] = [];
const slow: number[] = [];
const doubtful: { readonly request: ChaosRequest; readonly answer: string }[] = [];
const kills: number[] = [];
const seenRunners = new Set<number>();
let stopping = false;

const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
const violate = (what: string) => {
  violations.push(what);
  console.log(`VIOLATION ${what}`);
};

const dir = mkdtempSync(join(tmpdir(), "puna-chaos-"));
try {
  console.log(`chaos: ${seconds} s, seed ${seed}, ${clients} clients`);
  await using server = await startSoakServer(dir, storeDir(), {
    OLLAMA_NUM_PARALLEL: String(slots),
    OLLAMA_CONTEXT_LENGTH: "2048",
    PUNA_MEMORY_LIMIT: String(memoryLimitBytes),
  });
  await storeModels(server.url);
  await run(server);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
report();
process.exit(violations.length === 0 ? 0 : 1);

async function run(server: SoakServer): Promise<void> {
  // What a first round allocates for good, such as compiled code and caches, is no leak.
  await storm(server, Math.min(60, Math.max(15, seconds / 6)), seed + 7_919);
  const before = await settle(server);
  await storm(server, seconds, seed);
  const after = await settle(server);
  for (const part of ["server", "runner", "used runner"] as const) {
    const [old, now] = [before[part], after[part]];
    console.log(`memory of the ${part}: ${mib(old)} before, ${mib(now)} after`);
    if (now > old * leakShare) violate(`leak: the ${part} grew from ${mib(old)} to ${mib(now)}`);
  }
  await confirmDoubtful(server);
  await leaveNoOrphan(server);
}

/** All clients, and something that kills runners, for a while. */
async function storm(server: SoakServer, forSeconds: number, stormSeed: number): Promise<void> {
  stopping = false;
  const killing = killRunners(server, seededRandom(stormSeed));
  const work = Array.from({ length: clients }, (_, client) =>
    runClient(server, client, seededRandom(stormSeed * 1_000 + client)),
  );
  await sleep(forSeconds * 1_000);
  stopping = true;
  await Promise.all([...work, killing]);
}

async function runClient(server: SoakServer, client: number, random: Random): Promise<void> {
  while (!stopping) {
    const request = chaosRequest(client, random);
    const roll = random();
    if (roll < 0.08) {
      await disconnect(request, server.port, random() * 1.3);
      count("line cut");
      continue;
    }
    const leaveAfter =
      roll < 0.16
        ? { ms: 10 + random() * 6_000 }
        : roll < 0.24
          ? { pieces: 1 + Math.floor(random() * 10) }
          : {};
    const begun = Date.now();
    const outcome = await send(request, { port: server.port, deadlineMs, leaveAfter });
    slow.push(Date.now() - begun);
    take(request, outcome, begun);
    // A client whose request fails at once does not hammer.
    if (outcome.type === "failure") await sleep(200);
  }
}

function take(request: ChaosRequest, outcome: Outcome, begun: number): void {
  switch (outcome.type) {
    case "answer": {
      count(`${request.kind} answered`);
      const fault = judge(request, outcome.text, clients);
      if (fault === "mixed") violate(`mixed answer to ${request.kind}: ${JSON.stringify(outcome.text)}`);
      else if (fault !== undefined) doubtful.push({ request, answer: outcome.text });
      return;
    }
    case "failure": {
      // A request fails with the runner that served it, and with nothing else.
      const isOfKill =
        /unexpectedly stopped/.test(outcome.text) &&
        kills.some((at) => at >= begun - 2_000 && at <= Date.now());
      // Killed again before it had answered anything, a model waits longer each time, as one that crashes would.
      const deaths = Number(/died (\d+) times in a row/.exec(outcome.text)?.[1] ?? Number.NaN);
      if (isOfKill) count("failed with a killed runner");
      else if (deaths <= kills.length) count("refused after several kills in a row");
      else violate(`failure of ${request.kind}: ${outcome.text.slice(0, 300)}`);
      return;
    }
    case "left":
      count("gave up");
      return;
    case "stuck":
      violate(`stuck: ${request.kind} had no answer after ${deadlineMs} ms`);
      return;
    default:
      outcome satisfies never;
  }
}

async function killRunners(server: SoakServer, random: Random): Promise<void> {
  for (;;) {
    for (const until = Date.now() + 15_000 + random() * 30_000; Date.now() < until; await sleep(100)) {
      for (const pid of server.runners()) seenRunners.add(pid);
      if (stopping) return;
    }
    const runners = server.runners();
    const victim = runners[Math.floor(random() * runners.length)];
    if (victim === undefined) continue;
    kills.push(Date.now());
    process.kill(victim, random() < 0.7 ? "SIGKILL" : "SIGSEGV");
    count("runner killed");
  }
}

/** Quiet: nothing computes any more, every slot answers again, and memory is what it is without requests. */
async function settle(server: SoakServer) {
  await untilQuiet(server);
  const random = seededRandom(4_711);
  // More at once than there are slots, twice the same: what a runner keeps of them is the same, too.
  const requests = Array.from({ length: slots * 3 }, (_, client) => qwenRequest(client, random));
  const askAll = async () => {
    const outcomes = await Promise.all(
      requests.map((request) => send(request, { port: server.port, deadlineMs })),
    );
    outcomes.forEach((outcome, index) => {
      const request = requests[index];
      if (request !== undefined) take(request, outcome, Date.now());
    });
  };
  await unload(server);
  const first = await send(qwenRequest(0, random), { port: server.port, deadlineMs });
  if (first.type !== "answer") violate(`a quiet server gives no answer: ${JSON.stringify(first)}`);
  const [runner] = server.runners();
  if (runner === undefined) throw new Error(`no runner came: ${server.output()}`);
  const fresh = proportionalMemory(runner);
  for (let round = 0; round < 3; round++) await askAll();
  if (!isAlive(runner)) violate("a runner ended though nobody killed it");
  const used = isAlive(runner) ? proportionalMemory(runner) : 0;
  await unload(server);
  if (server.runners().length > 0) violate(`${server.runners().length} processes stay after unloading`);
  return { server: await server.settledMemory(), runner: fresh, "used runner": used };
}

function qwenRequest(client: number, random: Random): ChaosRequest {
  for (;;) {
    const request = chaosRequest(client % clients, random);
    if (request.kind !== "gemma") return request;
  }
}

/** A slot whose client has left and that still writes keeps a processor busy. */
async function untilQuiet(server: SoakServer): Promise<void> {
  const until = Date.now() + 20_000;
  for (;;) {
    const before = server.runners().map((pid) => [pid, processorSeconds(pid)] as const);
    await sleep(1_000);
    const busy = before.filter(([pid, used]) => isAlive(pid) && processorSeconds(pid) - used > 0.2);
    if (busy.length === 0) return;
    if (Date.now() > until) {
      violate("stuck slot: a runner computes for nobody");
      return;
    }
  }
}

async function unload(server: SoakServer): Promise<void> {
  for (const model of Object.values(names)) {
    const body = JSON.stringify({ model, keep_alive: 0 });
    await (await fetch(`${server.url}/api/generate`, { method: "POST", body })).text();
  }
  await untilTrue(() => server.runners().length === 0, 10_000).catch(() => {});
}

/** A small model makes mistakes of its own: those it makes again when it is asked alone. */
async function confirmDoubtful(server: SoakServer): Promise<void> {
  for (const { request, answer } of doubtful) {
    const alone = await send(request, { port: server.port, deadlineMs });
    const isModels = alone.type === "answer" && judge(request, alone.text, clients) !== undefined;
    if (isModels) count("mistake of the model itself");
    else violate(`wrong answer to ${request.kind} for ${request.number}: ${JSON.stringify(answer)}`);
  }
}

async function leaveNoOrphan(server: SoakServer): Promise<void> {
  await send(qwenRequest(0, seededRandom(1)), { port: server.port, deadlineMs });
  for (const pid of server.runners()) seenRunners.add(pid);
  await server.kill();
  await untilTrue(() => ![...seenRunners].some(isAlive), 3_000).catch(() => {});
  const orphans = [...seenRunners].filter(isAlive);
  if (orphans.length > 0) violate(`${orphans.length} runners outlived the server`);
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function report(): void {
  for (const [what, number] of [...counts].sort()) console.log(`${String(number).padStart(6)}  ${what}`);
  slow.sort((a, b) => a - b);
  const at = (share: number) => ((slow[Math.floor((slow.length - 1) * share)] ?? 0) / 1_000).toFixed(1);
  console.log(
    `${slow.length} requests took ${at(0.5)} s in the median, ${at(0.99)} s at 99 %, at most ${at(1)} s`,
  );
  console.log(`${seenRunners.size} runners, ${violations.length} violations`);
}
