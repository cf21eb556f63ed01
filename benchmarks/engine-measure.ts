import type { BenchmarkSetup, RunningSubject, Subject } from "./engine-subject.ts";

/** Tokens per second are better when higher, milliseconds and bytes when lower. */
export type Figures = Readonly<Record<string, number>>;

const word = "harbour lantern gravel meadow copper window thunder velvet ";
/** About so many tokens; a number at the front keeps prompts from sharing their beginning. */
const promptOf = (tokens: number, number: number) => `${number} ${word.repeat(Math.ceil(tokens / 9))}`;

/** Starts one subject and takes every figure once. */
export async function measure(subject: Subject, setup: BenchmarkSetup): Promise<Figures> {
  const figures: Record<string, number> = {};
  const wants = (name: string) => setup.only === undefined || setup.only.includes(name);
  const begun = performance.now();
  await using running = await subject.start();
  figures["ready ms"] = performance.now() - begun;
  await running.generate({ prompt: "Hi", maxTokens: 1, onPiece: () => {} });
  figures["cold start ms"] = performance.now() - begun;
  figures["PSS MiB"] = running.memoryBytes() / 2 ** 20;
  // The first decodes of a process touch every page of the weights.
  await running.generate({ prompt: promptOf(32, 1), maxTokens: 8, onPiece: () => {} });
  if (wants("decode")) {
    figures["decode tok/s"] = await aggregate(running, 1, 128);
    figures["4 streams tok/s"] = await aggregate(running, 4, 64);
    figures["8 streams tok/s"] = await aggregate(running, 8, 64);
  }
  if (wants("ttft")) {
    const prompt = promptOf(1000, 77);
    figures["TTFT 1000 cold ms"] = await timeToFirst(running, prompt);
    figures["TTFT cached ms"] = await timeToFirst(running, prompt);
    figures["TTFT next turn ms"] = await timeToFirst(running, `${prompt} and what else is there to say?`);
  }
  if (wants("chats")) figures["20 chats on slots ms"] = await manyChats(running);
  return figures;
}

/** Tokens per second of all streams together, between the first piece of any and the last. */
async function aggregate(running: RunningSubject, streams: number, maxTokens: number): Promise<number> {
  let pieces = 0;
  let first = 0;
  let last = 0;
  const onPiece = () => {
    last = performance.now();
    if (pieces++ === 0) first = last;
  };
  const runs = Array.from({ length: streams }, (_, index) =>
    running.generate({ prompt: promptOf(64, streams * 100 + index), maxTokens, onPiece }),
  );
  const tokens = (await Promise.all(runs)).reduce((sum, count) => sum + count, 0);
  return ((tokens - 1) / (last - first)) * 1000;
}

async function timeToFirst(running: RunningSubject, prompt: string): Promise<number> {
  const begun = performance.now();
  let first = 0;
  const onPiece = () => {
    if (first === 0) first = performance.now() - begun;
  };
  await running.generate({ prompt, maxTokens: 4, onPiece });
  return first;
}

/** Median time to the first token of second turns, where 20 chats of 300 tokens take turns on fewer slots. */
async function manyChats(running: RunningSubject): Promise<number> {
  const times: number[] = [];
  for (const suffix of ["", " Tell me more."]) {
    for (let chat = 0; chat < 20; chat++) {
      const time = await timeToFirst(running, promptOf(300, 5000 + chat) + suffix);
      if (suffix !== "") times.push(time);
    }
  }
  return times.sort((a, b) => a - b)[10] ?? 0;
}
