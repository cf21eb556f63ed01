import { jsonSchemaToGbnf } from "@puna/model-format/grammar";
import { afterAll, describe, expect, it } from "vitest";
import type { ModelLease, ModelSpec } from "../src/engine.ts";
import { collect } from "./support/collect.ts";
import { codeOf, subjects } from "./support/subjects.ts";
import { tinyFiles } from "./support/tiny-files.ts";

const files = tinyFiles();
const threads = 1; // Other tests run beside these: one thread waits for nobody.

describe.each(subjects)("$name", ({ name, create, refusesSome, isScripted }) => {
  const engine = create();
  const spec: ModelSpec = { modelPath: files.llama, load: { threads } };
  const greedy = { temperature: 0 };
  /** Facts about drivers with a model behind them, and about those that do everything. */
  const whenModel = isScripted ? undefined : it;
  const whenNative = isScripted || refusesSome ? undefined : it;
  /** An answer that never ends by itself. */
  const onlyQ = async (lease: ModelLease) => {
    const token = (await lease.tokenize("Q")).at(-1) ?? 0;
    return { ...greedy, logitBias: [{ token, bias: 1000 }] };
  };
  const leases: ModelLease[] = [];
  const acquire = async (wanted: ModelSpec = spec) => {
    const lease = await engine.acquire(wanted, { label: "tiny" });
    leases.push(lease);
    return lease;
  };
  afterAll(async () => {
    for (const lease of leases) await lease[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
  });

  it("says what it loaded", async () => {
    const lease = await acquire();
    expect(lease.info).toMatchObject({
      driver: name,
      modelPath: files.llama,
      label: "tiny",
      contextTokens: 512,
      parallel: 2,
      vramBytes: 0,
    });
    expect(lease.info.sizeBytes).toBeGreaterThan(0);
    expect(engine.loaded().map(({ modelPath }) => modelPath)).toEqual([files.llama]);
  });

  it("tokenizes text and gives it back", async () => {
    const lease = await acquire();
    const text = "Grüße, 世界 🌍";
    expect(await lease.detokenize(await lease.tokenize(text))).toBe(text);
    expect(await codeOf(lease.detokenize([99_999_999]))).toBe("INVALID_REQUEST");
    expect(await codeOf(lease.detokenize([-1]))).toBe("INVALID_REQUEST");
  });

  it("ends with length after maxTokens and counts tokens", async () => {
    const lease = await acquire();
    const { end, deltas } = await collect(lease, { prompt: "Hello", sampling: greedy, maxTokens: 7 });
    const promptTokens = (await lease.tokenize("Hello", { addSpecial: true })).length;
    expect(end).toMatchObject({ reason: "length", generatedTokens: 7, promptTokens });
    expect(end.tokens).toHaveLength(promptTokens + 7);
    expect(end.promptMs).toBeGreaterThanOrEqual(0);
    expect(deltas.every(({ text }) => text !== "")).toBe(true);
  });

  it("takes token ids for the prompt as they are", async () => {
    const lease = await acquire();
    const tokens = await lease.tokenize("Hello there", { addSpecial: true });
    const byText = await collect(lease, { prompt: "Hello there", sampling: greedy, maxTokens: 6 });
    const byTokens = await collect(lease, { prompt: tokens, sampling: greedy, maxTokens: 6 });
    expect(byTokens.text).toBe(byText.text);
    expect(byTokens.end.tokens).toEqual(byText.end.tokens);
  });

  it("gives the same text for the same seed", async () => {
    const lease = await acquire();
    const request = { prompt: "Once", sampling: { temperature: 1, seed: 42 }, maxTokens: 24 };
    const first = await collect(lease, request);
    const second = await collect(lease, request);
    expect(second.end.tokens).toEqual(first.end.tokens);
  });

  it("never shows part of a stop sequence, wherever it is cut", async () => {
    const lease = await acquire();
    const request = { prompt: "Stop", sampling: greedy, maxTokens: 40 };
    const { text } = await collect(lease, request);
    expect(text.length).toBeGreaterThan(12);
    for (const from of [3, 6]) {
      const stop = text.slice(from, from + 4);
      const stopped = await collect(lease, { ...request, stop: ["never in there", stop] });
      expect(stopped.text).toBe(text.slice(0, text.indexOf(stop)));
      expect(stopped.end).toMatchObject({ reason: "stop", stopSequence: stop });
    }
  });

  it("streams whole characters only", async () => {
    const lease = await acquire();
    const { deltas } = await collect(lease, {
      prompt: "é🌍",
      sampling: { temperature: 1.5, seed: 3 },
      maxTokens: 60,
    });
    for (const { text } of deltas) expect(text.isWellFormed()).toBe(true);
  });

  it("refuses prompts that do not fit, with both counts", async () => {
    const lease = await acquire();
    const work = collect(lease, { prompt: "word ".repeat(600), sampling: greedy, maxTokens: 1 });
    await expect(work).rejects.toMatchObject({
      code: "PROMPT_TOO_LONG",
      details: { contextTokens: 512, promptTokens: expect.any(Number) },
    });
  });

  it("refuses tokens that the vocabulary lacks", async () => {
    const lease = await acquire();
    expect(await codeOf(collect(lease, { prompt: [1, 99_999_999], sampling: greedy }))).toBe(
      "INVALID_REQUEST",
    );
  });

  it("ends at once with ABORTED when cancelled, and serves the next request", async () => {
    const lease = await acquire();
    const controller = new AbortController();
    const seen: string[] = [];
    const work = (async () => {
      for await (const event of lease.complete({ prompt: "Long", sampling: greedy }, controller.signal)) {
        if (event.type === "text-delta") seen.push(event.text);
        if (seen.length === 3) controller.abort();
      }
    })();
    expect(await codeOf(work)).toBe("ABORTED");
    const after = await collect(lease, { prompt: "Next", sampling: greedy, maxTokens: 3 });
    expect(after.end.generatedTokens).toBe(3);
  });

  it("frees the slot of a reader that stops reading", async () => {
    const lease = await acquire();
    for (let round = 0; round < 3; round++) {
      for await (const event of lease.complete({ prompt: "Left", sampling: greedy })) {
        if (event.type === "text-delta") break;
      }
    }
    const after = await collect(lease, { prompt: "Next", sampling: greedy, maxTokens: 3 });
    expect(after.end.generatedTokens).toBe(3);
  });

  it("runs requests side by side without mixing their answers", async () => {
    const lease = await acquire();
    const prompts = ["alpha", "beta", "gamma", "delta", "epsilon"];
    const request = (prompt: string) => ({ prompt, sampling: greedy, maxTokens: 12 });
    const alone = [];
    for (const prompt of prompts) alone.push((await collect(lease, request(prompt))).end.promptTokens);
    const together = await Promise.all(prompts.map((prompt) => collect(lease, request(prompt))));
    for (const [index, { end }] of together.entries()) {
      const tokens = await lease.tokenize(prompts[index] ?? "", { addSpecial: true });
      expect(end.tokens.slice(0, tokens.length)).toEqual(tokens);
      expect(end.promptTokens).toBe(alone[index]);
      expect(end.generatedTokens).toBe(12);
    }
  });

  whenModel?.("ends with length when the context is full and must not shift", async () => {
    const lease = await acquire();
    const request = { prompt: "a".repeat(490), sampling: await onlyQ(lease), contextShift: false };
    const { end } = await collect(lease, request);
    expect(end.reason).toBe("length");
    expect(end.tokens.length).toBeLessThanOrEqual(513);
    expect(end.tokens.length).toBeGreaterThan(500);
  });

  whenModel?.("goes on past the context when it may shift", async () => {
    const lease = await acquire();
    const sampling = await onlyQ(lease);
    const { end } = await collect(lease, { prompt: "a".repeat(490), sampling, maxTokens: 60, keepTokens: 4 });
    expect(end).toMatchObject({ reason: "length", generatedTokens: 60 });
  });

  whenModel?.("writes only what a grammar allows", async () => {
    const lease = await acquire();
    const grammar = 'root ::= "{\\"n\\":" [0-9] [0-9] "}"';
    const sampling = { temperature: 1, seed: 5 };
    const { text, end } = await collect(lease, { prompt: "JSON", sampling, grammar, maxTokens: 40 });
    expect(text).toMatch(/^\{"n":\d\d\}$/);
    expect(end.reason).toBe("stop");
  });

  whenModel?.each(["root ::= missing", 'root ::= "open', 'other ::= "x"', 'root ::= root "a"'])(
    "refuses the grammar %s and lives on",
    async (grammar) => {
      const lease = await acquire();
      expect(await codeOf(collect(lease, { prompt: "x", sampling: greedy, grammar }))).toBe(
        "INVALID_GRAMMAR",
      );
      expect(
        (await collect(lease, { prompt: "x", sampling: greedy, maxTokens: 2 })).end.generatedTokens,
      ).toBe(2);
    },
  );

  whenModel?.("refuses grammars that llama.cpp would not survive, and lives on", async () => {
    const lease = await acquire();
    const { pid } = lease.info;
    const deep = `root ::= ${"(".repeat(20_000)}"a"${")".repeat(20_000)}`;
    const wide = `root ::= ${'"a"? '.repeat(3_000)}"b"`;
    const chain = `root ::= r0\n${Array.from({ length: 20_000 }, (_, at) => `r${at} ::= r${at + 1}`).join("\n")}`;
    for (const grammar of [deep, wide, chain]) {
      const work = collect(lease, { prompt: "x", sampling: greedy, grammar });
      expect(await codeOf(work)).toBe("INVALID_GRAMMAR");
    }
    expect((await acquire()).info.pid).toBe(pid);
  });

  whenModel?.each([
    ["ten thousand values", { enum: Array.from({ length: 10_000 }, (_, at) => `name-${at}`) }],
    ["long arrays", { type: "array", items: { type: "integer" }, minItems: 1, maxItems: 2_500 }],
    ["long texts", { type: "string", maxLength: 50_000 }],
  ])("takes the grammar of %s", async (_, schema) => {
    const lease = await acquire();
    const { grammar } = jsonSchemaToGbnf(schema);
    const { text } = await collect(lease, { prompt: "x", sampling: greedy, grammar, maxTokens: 6 });
    expect(text).toMatch(/^["[]/);
  });

  whenModel?.("remembers what it read of a prompt", async () => {
    const lease = await acquire();
    const first = await collect(lease, { prompt: "The same beginning", sampling: greedy, maxTokens: 4 });
    const second = await collect(lease, {
      prompt: "The same beginning, then more",
      sampling: greedy,
      maxTokens: 4,
    });
    expect(second.end.cachedTokens).toBeGreaterThan(first.end.promptTokens - 3);
  });

  whenNative?.("gives log-probabilities of the full distribution", async () => {
    const lease = await acquire();
    const { deltas, end } = await collect(lease, {
      prompt: "Odds",
      sampling: greedy,
      maxTokens: 8,
      logprobs: 3,
    });
    const all = deltas.flatMap(({ logprobs }) => logprobs ?? []);
    expect(all.length).toBeGreaterThan(0);
    expect(all.length).toBeLessThanOrEqual(8);
    for (const [index, { id, logprob, top }] of all.entries()) {
      expect(end.tokens[end.promptTokens + index]).toBe(id);
      expect(top).toHaveLength(3);
      // At temperature 0 the most likely token is the one chosen.
      expect(top[0]).toMatchObject({ id, logprob });
      expect(top.reduce((sum, entry) => sum + Math.exp(entry.logprob), 0)).toBeLessThanOrEqual(1.000001);
    }
  });

  whenModel?.("hides special tokens unless they are to be seen", async () => {
    const lease = await acquire();
    const [token = 0] = await lease.tokenize("<|im_start|>");
    const request = {
      prompt: "Special",
      sampling: { ...greedy, logitBias: [{ token, bias: 1000 }] },
      maxTokens: 3,
    };
    const hidden = await collect(lease, request);
    expect(hidden.text).toBe("");
    expect(hidden.end.tokens.slice(-3)).toEqual([token, token, token]);
    const shown = await collect(lease, { ...request, preservedTokens: ["<|im_start|>"] });
    expect(shown.text).toBe("<|im_start|>".repeat(3));
  });

  whenModel?.("embeds texts, each by itself and all together alike", async () => {
    const lease = await acquire({ modelPath: files.bert, load: { threads, embedding: true } });
    const inputs = await Promise.all(
      ["hello world", "the quick fox", "hello world"].map((text) =>
        lease.tokenize(text, { addSpecial: true }),
      ),
    );
    const together = await lease.embed(inputs);
    expect(together).toHaveLength(3);
    expect(together[0]).toHaveLength(lease.info.embeddingLength);
    expect(cosine(together[0], together[2])).toBeCloseTo(1, 5);
    const [alone] = await lease.embed([inputs[1] ?? []]);
    expect(cosine(alone, together[1])).toBeCloseTo(1, 3);
    expect(await codeOf(collect(lease, { prompt: "x", sampling: greedy }))).toBe("UNSUPPORTED");
  });

  whenModel?.("refuses to embed with a model that was loaded for text", async () => {
    const lease = await acquire();
    expect(await codeOf(lease.embed([[1, 2]]))).toBe("UNSUPPORTED");
  });

  whenNative?.("scores documents with a rank head", async () => {
    const lease = await acquire({ modelPath: files.ranker, load: { threads, embedding: true } });
    const ranked = await lease.rank("hello", ["hello world", "the quick fox", "hello world"]);
    expect(ranked).toHaveLength(3);
    expect(ranked.every(({ score, tokens }) => Number.isFinite(score) && tokens > 2)).toBe(true);
    expect(ranked[2]?.score).toBeCloseTo(ranked[0]?.score ?? Number.NaN, 4);
  });
});

function cosine(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (a === undefined || b === undefined) throw new Error("a vector is missing");
  const dot = (x: Float32Array, y: Float32Array) =>
    x.reduce((sum, value, index) => sum + value * (y[index] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
