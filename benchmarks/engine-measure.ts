import { setTimeout as sleep } from "node:timers/promises";
import { proportionalMemory } from "./engine-memory.ts";
import { median } from "./engine-ratio.ts";
import type { BenchmarkSetup, RunningSubject, Subject } from "./engine-subject.ts";

/** One sample of each figure, by its name. */
export type Figures = Readonly<Record<string, number>>;

const word = "harbour lantern gravel meadow copper window thunder velvet ";
/** About so many tokens; a number at the front keeps prompts from sharing their beginning. */
const promptOf = (tokens: number, number: number) => `${number} ${word.repeat(Math.ceil(tokens / 9))}`;
const nothing = () => {};
let unique = 0;

/** Takes every figure of one subject once, in fresh processes. */
export async function measure(subject: Subject, setup: BenchmarkSetup): Promise<Figures> {
  const wants = (name: string) => setup.only === undefined || setup.only.includes(name);
  const isOurs = subject.name === "puna";
  return {
    ...(wants("one") ? await oneSlot(subject) : {}),
    ...(wants("streams") ? await streams(subject) : {}),
    ...(wants("chats") && isOurs ? await chats(subject) : {}),
    ...(wants("embed") ? await embeddings(subject) : {}),
  };
}

async function oneSlot(subject: Subject): Promise<Figures> {
  const figures: Record<string, number> = {};
  await using running = await subject.start({ slots: 1 });
  const begun = running.loadingSince();
  let first = 0;
  const onPiece = () => {
    first ||= performance.now() - begun;
  };
  await running.generate({ prompt: "Hi", maxTokens: 2, onPiece });
  figures["load"] = first;
  await warm(running);
  const { runner, server } = running.pids();
  figures["runner memory"] = proportionalMemory(runner) / 2 ** 20;
  figures["server memory"] = proportionalMemory(server) / 2 ** 20;
  figures["decode 1"] = await decode(running, 128);
  const prompt = promptOf(1000, ++unique);
  figures["first token"] = await timeToFirst(running, prompt);
  figures["second turn"] = await timeToFirst(running, `${prompt} and then?`);
  if (running.ownPart !== undefined) {
    figures["overhead"] = await running.ownPart();
    figures["cancel"] = await cancel(running);
  }
  return figures;
}

/** The first decodes of a process touch every page of the weights. */
async function warm(running: RunningSubject): Promise<void> {
  await running.generate({ prompt: promptOf(32, ++unique), maxTokens: 8, onPiece: nothing });
}

async function streams(subject: Subject): Promise<Figures> {
  await using running = await subject.start({ slots: 8 });
  await warm(running);
  return { "decode 4": await aggregate(running, 4, 64), "decode 8": await aggregate(running, 8, 64) };
}

/**
 * Tokens per second of all streams together, from their requests to the last piece. Not from the first piece: a server
 * that lets the first stream begin while it reads the prompts of the others would look slower for it.
 */
async function aggregate(running: RunningSubject, count: number, maxTokens: number): Promise<number> {
  let last = 0;
  const onPiece = () => {
    last = performance.now();
  };
  const begun = performance.now();
  const runs = Array.from({ length: count }, () =>
    running.generate({ prompt: promptOf(64, ++unique), maxTokens, onPiece }),
  );
  const tokens = (await Promise.all(runs)).reduce((sum, run) => sum + run.tokens, 0);
  // Ollama knows no `ignore_eos`: an answer of its may end early, and the rate is that of what came.
  if (tokens < 0.75 * count * maxTokens)
    throw new Error(`${tokens} tokens came instead of ${count * maxTokens}`);
  return (tokens / (last - begun)) * 1000;
}

/** Tokens per second of one stream after its first piece. */
async function decode(running: RunningSubject, maxTokens: number): Promise<number> {
  let first = 0;
  let last = 0;
  const onPiece = () => {
    last = performance.now();
    first ||= last;
  };
  const { tokens } = await running.generate({ prompt: promptOf(64, ++unique), maxTokens, onPiece });
  return ((tokens - 1) / (last - first)) * 1000;
}

async function timeToFirst(running: RunningSubject, prompt: string, maxTokens = 4) {
  const begun = performance.now();
  let firstMs = 0;
  const onPiece = () => {
    if (firstMs === 0) firstMs = performance.now() - begun;
  };
  await running.generate({ prompt, maxTokens, onPiece });
  return firstMs;
}

/** Second turns of 20 chats of 300 tokens: each right after its first turn, and all in turn on 4 slots. */
async function chats(subject: Subject): Promise<Figures> {
  await using running = await subject.start({ slots: 4 });
  await warm(running);
  const ask = (chat: number, suffix = "") => timeToFirst(running, promptOf(300, chat) + suffix);
  const alone: number[] = [];
  for (let chat = 0; chat < 5; chat++) {
    await ask(1_000 + chat);
    alone.push(await ask(1_000 + chat, " Tell me more."));
  }
  for (let chat = 0; chat < 20; chat++) await ask(2_000 + chat);
  const inTurn: number[] = [];
  for (let chat = 0; chat < 20; chat++) inTurn.push(await ask(2_000 + chat, " Tell me more."));
  return { "chat on its slot": median(alone), "chats in turn": median(inTurn) };
}

/** How much later the next request is served when it comes right after a long prompt was cancelled. */
async function cancel(running: RunningSubject): Promise<number> {
  const short = () => timeToFirst(running, `${++unique} short`, 2);
  const usual = median([await short(), await short(), await short()]);
  const controller = new AbortController();
  const long = running.generate({
    prompt: promptOf(4000, ++unique),
    maxTokens: 4,
    onPiece: nothing,
    signal: controller.signal,
  });
  await sleep(400);
  controller.abort();
  const next = await short();
  await long;
  return Math.max(0, next - usual);
}

async function embeddings(subject: Subject): Promise<Figures> {
  await using running = await subject.start({ slots: 8, embedding: true });
  const texts = (round: number) =>
    Array.from(
      { length: 256 },
      (_, index) => `${round} The ${word.split(" ")[index % 8]} of house ${index} is near.`,
    );
  await running.embed(texts(0).slice(0, 16));
  const begun = performance.now();
  await running.embed(texts(1));
  return { embeddings: 256_000 / (performance.now() - begun) };
}
