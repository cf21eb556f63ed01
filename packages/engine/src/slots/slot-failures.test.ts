import { describe, expect, it } from "vitest";
import { ToyContext } from "../../test/support/toy-context.ts";
import type { TokenEvent } from "../engine.ts";
import type { TokenSampler } from "./decode-context.ts";
import { SlotScheduler } from "./slot-scheduler.ts";

const turn = { priority: "interactive", clientId: "" } as const;

const promptOf = (length: number, seed: number) =>
  Array.from({ length }, (_, index) => ((index * 13 + seed) % 900) + 2);

type Method =
  | "add"
  | "cut"
  | "decode"
  | "logits"
  | "positions"
  | "restoreState"
  | "saveState"
  | "stateBytes"
  | "piece"
  | "createSampler";

const injected = { count: 0 };

/** Throws from one method, at the calls that `when` picks, counted over all sequences. */
function faulty(context: ToyContext, method: Method, when: (call: number, sequence: unknown) => boolean) {
  let calls = 0;
  injected.count = 0;
  return new Proxy(context, {
    get: (target, name) => {
      // Methods of the toy read private fields, which only the toy itself has.
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== method) return value.bind(target);
      return (...args: readonly unknown[]) => {
        if (when(calls++, args[0])) {
          // As llama.cpp does when a decode fails: nothing of the batch was read.
          if (method === "decode") target.dropBatch();
          injected.count += 1;
          throw new TypeError(`injected into ${method}`);
        }
        return value.apply(target, args);
      };
    },
  });
}

async function answer(slots: SlotScheduler, prompt: readonly number[], maxTokens = 12) {
  const request = { prompt, sampling: {}, maxTokens };
  for await (const event of slots.complete(request, turn, new AbortController().signal)) {
    if (event.type === "generation-end") return event satisfies TokenEvent;
  }
  throw new Error("no end");
}

const methods: readonly Method[] = [
  "add",
  "cut",
  "decode",
  "logits",
  "positions",
  "restoreState",
  "saveState",
  "stateBytes",
  "piece",
  "createSampler",
];

describe.each([
  ["full attention", {}],
  ["a sliding window", { slidingWindowTokens: 48 }],
  ["a recurrent state", { isRecurrent: true }],
  ["drafts", { draftTokens: 11, repeats: 7, sequences: 1 }],
] as const)("with %s, a failure", (_, shape) => {
  it.each(methods)("once in %s is one request's at most, and nothing remembered is wrong", async (method) => {
    let hits = 0;
    for (let at = 0; at < 40; at += 3) {
      const context = new ToyContext({ sequences: 2, batchTokens: 32, contextTokens: 180, ...shape });
      const slots = new SlotScheduler(
        faulty(context, method, (call) => call === at),
        { cacheBytes: 1_000_000 },
      );
      let failures = 0;
      for (let round = 0; round < 3; round++) {
        const prompts = [0, 1, 2].map((seed) => promptOf(70 + round * 30, seed * 17));
        const results = await Promise.allSettled(prompts.map((prompt) => answer(slots, prompt, 40)));
        for (const [index, result] of results.entries()) {
          if (result.status === "rejected") {
            failures += 1;
            expect(String(result.reason)).toContain(`injected into ${method}`);
            continue;
          }
          const prompt = prompts[index] ?? [];
          expect(result.value.tokens).toEqual([...prompt, ...context.expected(prompt, 40)]);
        }
      }
      expect(failures).toBeLessThanOrEqual(1);
      hits += injected.count;
    }
    // Sizes are asked for by models that forget only.
    if (method !== "stateBytes" || "isRecurrent" in shape) expect(hits).toBeGreaterThan(0);
  });
});

it("in a context shift ends its request and forgets the sequence", async () => {
  const context = new ToyContext({ sequences: 1, contextTokens: 60 });
  context.shift = () => {
    throw new TypeError("no shift");
  };
  const slots = new SlotScheduler(context, { cacheBytes: 0 });
  await expect(answer(slots, promptOf(50, 1), 30)).rejects.toThrow("no shift");
  const again = await answer(slots, promptOf(50, 1), 5);
  expect(again.cachedTokens).toBe(0);
  expect(again.tokens.slice(50)).toEqual(context.expected(promptOf(50, 1), 5));
});

it("finds whose tokens make a decode fail, and answers the others", async () => {
  const context = new ToyContext({ sequences: 4, batchTokens: 64 });
  let inBatch = new Set<unknown>();
  const poisoned = new Proxy(context, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name === "add") {
        return (...args: Parameters<ToyContext["add"]>) => {
          inBatch.add(args[1] === 777 ? "poison" : args[0]);
          return target.add(...args);
        };
      }
      if (name === "decode") {
        return async () => {
          const isPoisoned = inBatch.has("poison");
          inBatch = new Set();
          if (!isPoisoned) return target.decode();
          // As llama.cpp does: nothing of the batch was read.
          target.dropBatch();
          throw new Error("the batch is poisoned");
        };
      }
      return value.bind(target);
    },
  });
  const slots = new SlotScheduler(poisoned, { cacheBytes: 0 });
  const prompts = [promptOf(20, 1), [...promptOf(10, 2), 777, 5], promptOf(30, 3), promptOf(12, 4)];
  const results = await Promise.allSettled(prompts.map((prompt) => answer(slots, prompt)));
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  for (const [index, result] of results.entries()) {
    if (result.status === "rejected") continue;
    const prompt = prompts[index] ?? [];
    expect(result.value.tokens).toEqual([...prompt, ...context.expected(prompt, 12)]);
  }
});

it("leaves all tokens of a request out of a decode that one of them could not be added to", async () => {
  const context = new ToyContext({ sequences: 2, batchTokens: 64 });
  let failedDecodes = 0;
  let isHit = false;
  const failing = new Proxy(context, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name === "add") {
        return (...[sequence, token, position, wantsLogits]: Parameters<ToyContext["add"]>) => {
          // In the second of the decodes that read it: the first has left tokens in the sequence.
          if (token === 777 && !isHit) {
            isHit = true;
            throw new TypeError("no such token");
          }
          return target.add(sequence, token, position, wantsLogits);
        };
      }
      if (name === "decode") {
        return () =>
          target.decode().catch((error: unknown) => {
            failedDecodes += 1;
            throw error;
          });
      }
      return value.bind(target);
    },
  });
  const slots = new SlotScheduler(failing, { cacheBytes: 0 });
  const good = promptOf(20, 1);
  const results = await Promise.allSettled([
    answer(slots, good, 40),
    answer(slots, [...promptOf(80, 2), 777, 5]),
  ]);
  expect(results[1]).toMatchObject({ status: "rejected", reason: { message: "no such token" } });
  expect(results[0]).toMatchObject({ value: { tokens: [...good, ...context.expected(good, 40)] } });
  expect([isHit, failedDecodes]).toEqual([true, 0]);
});

it("lives on when a sequence cannot even be emptied, and uses it again when it can", async () => {
  const context = new ToyContext({ sequences: 2, batchTokens: 32 });
  let isStuck = false;
  const stuck = faulty(context, "cut", (_call, sequence) => isStuck && sequence === 0);
  const failing = faulty(stuck, "positions", (_call, sequence) => isStuck && sequence === 0);
  const slots = new SlotScheduler(failing, { cacheBytes: 0 });
  const prompt = promptOf(80, 1);
  await answer(slots, prompt);
  isStuck = true;
  await expect(answer(slots, promptOf(80, 1))).rejects.toThrow("injected");
  for (const seed of [5, 6, 7]) {
    const other = promptOf(50, seed);
    expect((await answer(slots, other)).tokens).toEqual([...other, ...context.expected(other, 12)]);
  }
  isStuck = false;
  const both = [promptOf(10, 8), promptOf(10, 9)];
  await Promise.all(both.map((wanted) => answer(slots, wanted)));
  expect(context.decodes.at(-3)?.size).toBe(2);
});

it("fails a request with its own error when its sampler fails, and no other", async () => {
  const context = new ToyContext({ sequences: 2, batchTokens: 32 });
  const make = context.createSampler.bind(context);
  context.createSampler = (request): TokenSampler => {
    const sampler = make(request);
    if (request.prompt[0] !== 42) return sampler;
    return {
      sample: () => {
        throw new TypeError("no sample");
      },
      free: () => {
        throw new TypeError("no free");
      },
    };
  };
  const slots = new SlotScheduler(context, { cacheBytes: 0 });
  const good = promptOf(30, 3);
  const [bad, fine] = await Promise.allSettled([answer(slots, [42, 5, 6]), answer(slots, good)]);
  expect(bad).toMatchObject({ status: "rejected", reason: { message: "no sample" } });
  expect(fine).toMatchObject({ status: "fulfilled" });
});

it("answers all requests where the store of saved conversations fails", async () => {
  const take = () => {
    throw new RangeError("Array buffer allocation failed");
  };
  const store = { take, save: () => {} };
  const slots = new SlotScheduler(new ToyContext({ sequences: 2 }), { cacheBytes: 1e6, store });
  const ends = await Promise.all([answer(slots, promptOf(90, 1)), answer(slots, promptOf(90, 2))]);
  expect(ends.map(({ promptTokens }) => promptTokens)).toEqual([90, 90]);
});
