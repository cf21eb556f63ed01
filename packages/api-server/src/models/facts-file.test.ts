import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { FactsFile, type ModelFacts } from "./facts-file.ts";

const folder = mkdtempSync(join(tmpdir(), "puna-facts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const facts: ModelFacts = {
  details: {
    parent_model: "",
    format: "gguf",
    family: "llama",
    families: ["llama"],
    parameter_size: "1B",
    quantization_level: "Q4_K_M",
  },
  capabilities: ["completion"],
  contextLength: 4096,
};

it("keeps facts for the next start, but not for another version", async () => {
  const path = join(folder, "new", "facts.json");
  const first = new FactsFile(path, "1.0");
  expect(await first.get("aa")).toBeUndefined();
  await first.set("aa", facts);
  await first.save();
  expect(readdirSync(join(folder, "new"))).toEqual(["facts.json"]);
  expect(await new FactsFile(path, "1.0").get("aa")).toEqual(facts);
  expect(await new FactsFile(path, "1.1").get("aa")).toBeUndefined();
});

it("saves at once, by any number of servers, leave one whole file and nothing beside it", async () => {
  const path = join(folder, "shared", "facts.json");
  const files = Array.from({ length: 4 }, () => new FactsFile(path, "1.0"));
  const rounds = Array.from({ length: 10 }, (_, round) => round);
  await Promise.all(
    files.flatMap((file, index) =>
      rounds.map(async (round) => {
        await file.set(`${index}-${round}`, facts);
        await file.save();
      }),
    ),
  );
  expect(readdirSync(join(folder, "shared"))).toEqual(["facts.json"]);
  const kept = new FactsFile(path, "1.0");
  const whole = await Promise.all(
    files.map(async (_, index) =>
      (await Promise.all(rounds.map((round) => kept.get(`${index}-${round}`)))).every(Boolean),
    ),
  );
  expect(whole.filter(Boolean).length).toBe(1);
});

it("believes nothing of a file that is torn or holds something else", async () => {
  const path = join(folder, "facts.json");
  const file = new FactsFile(path, "1.0");
  await file.set("aa", facts);
  await file.save();
  const text = readFileSync(path, "utf8");
  for (const damaged of [text.slice(0, 40), text.replace("[", "{"), text.replace("4096", '"4096"'), "[]"]) {
    writeFileSync(path, damaged);
    expect(await new FactsFile(path, "1.0").get("aa")).toBeUndefined();
  }
});

it("goes without where nothing may be written", async () => {
  const file = new FactsFile(join(folder, "facts.json", "facts.json"), "1.0");
  await file.set("aa", facts);
  await file.save();
  expect(await file.get("aa")).toEqual(facts);
});
