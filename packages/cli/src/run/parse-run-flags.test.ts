import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseFormatFlag, parseInteger, parseThink } from "./parse-run-flags.ts";

const dir = mkdtempSync(join(tmpdir(), "puna-flags-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
writeFileSync(join(dir, "schema.json"), '{"type":"object"}');
writeFileSync(join(dir, "broken.json"), "{");
writeFileSync(join(dir, "list.json"), "[]");

describe("--format", () => {
  it.each([
    ["", undefined],
    ["json", "json"],
    ['{"type":"array"}', { type: "array" }],
    ["schema.json", { type: "object" }],
    [join(dir, "schema.json"), { type: "object" }],
  ])("reads %j", async (text, format) => {
    expect(await parseFormatFlag(text, dir)).toEqual(format);
  });

  it.each([
    ["xml", 'invalid --format "xml": expected "json", a JSON schema, or the path of a file with one'],
    ["{", "--format holds no JSON"],
    ["broken.json", "broken.json holds no JSON"],
    ["list.json", "a JSON schema must be an object"],
  ])("refuses %j", async (text, message) => {
    await expect(parseFormatFlag(text, dir)).rejects.toThrow(message);
  });
});

describe("--think", () => {
  it.each([
    [undefined, undefined],
    ["", true],
    ["true", true],
    ["false", false],
    ["high", "high"],
    ["max", "max"],
  ])("reads %j as %j", (text, value) => {
    expect(parseThink(text)).toBe(value);
  });

  it("refuses other words", () => {
    expect(() => parseThink("hard")).toThrow(
      'invalid value for --think: "hard" (must be true, false, high, medium, low, or max)',
    );
  });
});

it("reads whole numbers only", () => {
  expect(parseInteger("--dimensions", "-3")).toBe(-3);
  expect(() => parseInteger("--dimensions", "3.5")).toThrow('invalid argument "3.5" for "--dimensions" flag');
});
