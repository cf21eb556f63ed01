import type { GgufWriteEntry } from "@puna/model-format/gguf";
import { tinyLlama } from "@puna/model-format/testing";
import { expect, it } from "vitest";
import { tinyFiles } from "../../test/support/tiny-files.ts";
import { readModelFacts } from "../read-model-facts.ts";
import { estimateMemory } from "./memory-plan.ts";
import { planRunner } from "./plan-runner.ts";

const files = tinyFiles();
const defaults = {
  driver: "auto",
  parallel: 4,
  draftTokens: 11,
  contextTokens: 512,
  contextIsAutomatic: true,
  kvCacheType: "f16",
  promptCacheBytes: 0,
} as const;
const plan = async (modelPath: string, load = {}, changes = {}) => {
  const facts = await readModelFacts(modelPath);
  const { vocabularySize = 0 } = facts.dimensions;
  const spec = planRunner({ modelPath, load }, facts, { ...defaults, ...changes });
  return { spec, rowBytes: vocabularySize * 4, ...estimateMemory(facts, spec) };
};

it.each(["ssm.conv_kernel", "wkv.head_size", "shortconv.l_cache", "kda.head_dim"])(
  "keeps no room for drafts where a state of the past cannot be taken back (%s)",
  async (key) => {
    const entries = [{ key: `llama.${key}`, type: "uint32", value: 4 }] as const;
    const recurrent = await plan(files.write(`${key}.gguf`, tinyLlama({ entries })));
    const plain = await plan(files.llama);
    expect([recurrent.spec.draftTokens, plain.spec.draftTokens]).toEqual([0, 11]);
    // Twelve rows, or one of each slot.
    expect(plain.contextBytes - recurrent.contextBytes).toBe((12 - 4) * plain.rowBytes);
  },
);

it("keeps room for drafts beside several slots, one of which may run alone, and none for those that nobody wants", async () => {
  const drafts = await plan(files.llama);
  const none = await plan(files.llama, {}, { draftTokens: 0 });
  expect(drafts.contextBytes - none.contextBytes).toBe((12 - 4) * drafts.rowBytes);
  const many = [0, 11].map((draftTokens) => plan(files.llama, {}, { parallel: 16, draftTokens }));
  const [without, withDrafts] = await Promise.all(many);
  expect(withDrafts?.contextBytes).toBe(without?.contextBytes);
  expect((await plan(files.bert, { embedding: true })).spec.draftTokens).toBe(0);
  expect((await plan(files.llama, {}, { driver: "portable" })).spec.draftTokens).toBe(0);
});

it("has embedding models make logits of last tokens only, where these say it all", async () => {
  const pooled = (value: number, entries: readonly GgufWriteEntry[] = []) => {
    const pooling = { key: "llama.pooling_type", type: "uint32", value } as const;
    return files.write(
      `pooled-${value}-${entries.length}.gguf`,
      tinyLlama({ entries: [pooling, ...entries] }),
    );
  };
  const embedding = async (path: string, changes = {}) => plan(path, { embedding: true }, changes);
  const [last, mean] = [await embedding(pooled(3)), await embedding(pooled(1))];
  expect([last.spec.poolsLast, mean.spec.poolsLast]).toEqual([true, undefined]);
  // Sixteen texts share a decode; the others' tokens have logits made and copied.
  expect(mean.contextBytes - last.contextBytes).toBe((2 * 512 - 16) * last.rowBytes);
  const sees = { key: "llama.attention.causal", type: "bool", value: false } as const;
  for (const path of [pooled(4), pooled(3, [sees]), files.bert])
    expect((await embedding(path)).spec.poolsLast).toBeUndefined();
  expect((await embedding(pooled(3), { driver: "portable" })).spec.poolsLast).toBeUndefined();
  expect((await plan(pooled(3))).spec.poolsLast).toBeUndefined();
});

it("knows models that see a whole text at once, and whose files do not say so", async () => {
  const entries = [{ key: "general.architecture", type: "string", value: "gemma-embedding" }] as const;
  const { isCausal } = await readModelFacts(files.write("bidirectional.gguf", tinyLlama({ entries })));
  expect([isCausal, (await readModelFacts(files.llama)).isCausal]).toEqual([false, true]);
});
