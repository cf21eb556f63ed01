import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readApiKeys, writeApiKeys } from "./api-key-file.ts";

const dir = mkdtempSync(join(tmpdir(), "puna-keys-"));
const path = join(dir, "keys.json");
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it("finds no keys where there is no file", () => {
  expect(readApiKeys(join(dir, "none.json"))).toEqual([]);
});

it("reads back what it wrote, for this user only", async () => {
  const records = [{ name: "laptop", sha256: "ab".repeat(32), scopes: ["infer" as const] }];
  await writeApiKeys(path, records);
  expect(readApiKeys(path)).toEqual(records);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it.each(["", "{}", '{"keys":[{"name":"x"}]}', '{"keys":[{"name":"x","sha256":"short","scopes":[]}]}'])(
  "refuses %j instead of serving without keys",
  (text) => {
    writeFileSync(path, text);
    expect(() => readApiKeys(path)).toThrow(/cannot be read/);
  },
);
