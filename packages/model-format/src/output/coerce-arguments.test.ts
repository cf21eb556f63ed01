import type { ToolProperty } from "@puna/protocol";
import { describe, expect, it } from "vitest";
import { coerceArgument, parameterSchema } from "./coerce-arguments.ts";

describe("an argument written as text", () => {
  it.each<[string, ToolProperty | undefined, unknown]>([
    ["NULL", { type: "string" }, null],
    ["null", undefined, null],
    ["5", undefined, "5"],
    ["True", { type: "boolean" }, true],
    ["yes", { type: "boolean" }, false],
    ["yes", { type: ["boolean", "string"] }, "yes"],
    ["-42", { type: "integer" }, -42],
    ["4.5", { type: "integer" }, "4.5"],
    [" 4", { type: "integer" }, " 4"],
    ["-0", { type: "integer" }, 0],
    ["1e3", { type: "number" }, 1000],
    [".5", { type: "number" }, 0.5],
    ["1e999", { type: "number" }, "1e999"],
    ["NaN", { type: "number" }, "NaN"],
    ["[1, 2]", { type: "array" }, [1, 2]],
    ['{"a": 1}', { type: "array" }, '{"a": 1}'],
    ['{"a": 1}', { type: "object" }, { a: 1 }],
    ["[1", { type: ["array", "object"] }, "[1"],
    ["7", { type: ["string", "integer"] }, 7],
    ["7", { type: "string" }, "7"],
    ["7", { type: "unheard-of" }, "7"],
    ["7", { anyOf: [{ type: "string" }, { type: ["integer", "null"] }], type: "boolean" }, 7],
  ])("%j as %j is %j", (text, property, value) => {
    expect(coerceArgument(text, property)).toStrictEqual(value);
  });

  it("stays text where a number would lose digits", () => {
    expect(coerceArgument("9007199254740993", { type: "integer" })).toBe("9007199254740993");
    expect(coerceArgument("9007199254740993", { type: ["integer", "number"] })).toBe("9007199254740993");
    expect(coerceArgument("9007199254740991", { type: "integer" })).toBe(9007199254740991);
  });
});

it("finds no schema in what objects inherit", () => {
  const tool = { type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } };
  expect(parameterSchema(tool, "constructor")).toBeUndefined();
});
