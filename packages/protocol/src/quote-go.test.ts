import { expect, test } from "vitest";
import { quoteGo } from "./quote-go.ts";

test.each([
  ['a "b" \\c', String.raw`"a \"b\" \\c"`],
  ["\u0000\u0007\b\t\n\v\f\r\u001b\u007f", String.raw`"\x00\a\b\t\n\v\f\r\x1b\x7f"`],
  ["é 日本 👋 <&>", '"é 日本 👋 <&>"'],
  ["\u00a0\u200d\u2028\u{e0001}", String.raw`"\u00a0\u200d\u2028\U000e0001"`],
  ["\ud800", '"\ufffd"'],
])("quotes %j as Go does", (text, quoted) => {
  expect(quoteGo(text)).toBe(quoted);
});
