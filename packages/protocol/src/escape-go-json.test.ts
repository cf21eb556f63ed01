import { expect, it } from "vitest";
import { escapeGoJson } from "./escape-go-json.ts";

const json = JSON.stringify('<b> & "\u2028\u2029"');

it("escapes what is special in HTML, and line separators", () => {
  expect(escapeGoJson(json)).toBe('"\\u003cb\\u003e \\u0026 \\"\\u2028\\u2029\\""');
});

it("escapes line separators alone where HTML is let be", () => {
  expect(escapeGoJson(json, { html: false })).toBe('"<b> & \\"\\u2028\\u2029\\""');
});

it("keeps the value", () => {
  expect(JSON.parse(escapeGoJson(json))).toBe(JSON.parse(json));
});
