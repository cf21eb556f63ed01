import { expect, it } from "vitest";
import { harmonyToolNames, withHarmonyNames } from "./tool-names.ts";

const tool = (name: string) => ({
  type: "function",
  function: { name, parameters: { type: "object", properties: {} } },
});

it.each([
  ["get-weather", "get_weather"],
  ["my tool", "my_tool"],
  ["a.b", "a_b"],
  ["ünï$", "ünï$"],
  ["1st", "_1st"],
  ["what?!", "what"],
  ["!!!", "unnamed"],
  ["browser.search", "browser.search"],
  ["browser.close", "browser_close"],
  ["python", "python"],
])("%j becomes %j and back", (declared, harmony) => {
  const names = harmonyToolNames([tool(declared)]);
  expect(names.toHarmony(declared)).toBe(harmony);
  expect(names.toDeclared(harmony)).toBe(declared);
});

it("numbers names that would be the same", () => {
  const renamed = withHarmonyNames(["a.b", "a-b", "a_b"].map(tool)).map(({ function: { name } }) => name);
  expect(renamed).toEqual(["a_b", "a_b_2", "a_b_3"]);
});

it("leaves empty and unknown names alone", () => {
  const names = harmonyToolNames([tool("")]);
  expect([names.toHarmony(""), names.toHarmony("x y"), names.toDeclared("x_y")]).toEqual(["", "x y", "x_y"]);
});
