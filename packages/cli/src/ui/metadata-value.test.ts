import { expect, it } from "vitest";
import { printMetadataValue } from "./metadata-value.ts";

it.each([
  [0, "0"],
  [256, "256"],
  [646_400, "646400"],
  [1_000_000, "1e+06"],
  [268_098_176, "2.68098176e+08"],
  [0.5, "0.5"],
  [0.0001, "0.0001"],
  [1e-5, "1e-05"],
  ["llama", "llama"],
  [true, "true"],
  [[], "[]"],
  [[1, 2, 3], "[1 2 3]"],
  [["<unk>", "<s>", "</s>"], "[<unk> ...+2 more]"],
  [["a-very-long-token", "b"], "[a-very-long-token ...+1 more]"],
  [null, "<nil>"],
  [{ a: 1 }, "map[string]interface {}"],
  [[[1, 2], null, { b: 1, a: [true] }], "[[1 2] ...+2 more]"],
  [[{ b: 1, a: [true] }], "[map[a:[true] b:1]]"],
])("prints %j as %s", (value, text) => {
  expect(printMetadataValue(value)).toBe(text);
});
