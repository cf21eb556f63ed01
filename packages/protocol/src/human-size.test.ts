import { expect, test } from "vitest";
import { printBinaryBytes, printBytes, printCount } from "./human-size.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1 KB"],
  [1500, "1.5 KB"],
  [1_250_000, "1.2 MB"],
  [1_350_000, "1.4 MB"],
  [19_999, "19 KB"],
  [815_319_791, "815 MB"],
  [1_300_000_000, "1.3 GB"],
  [2_000_000_000_000, "2 TB"],
])("%d bytes read %s", (bytes, text) => {
  expect(printBytes(bytes)).toBe(text);
});

test.each([
  [512, "512 B"],
  [1536, "1.5 KiB"],
  [3 * 1024 ** 3, "3.0 GiB"],
])("%d bytes of memory read %s", (bytes, text) => {
  expect(printBinaryBytes(bytes)).toBe(text);
});

test.each([
  [76, "76"],
  [646_400, "646K"],
  [646_500, "646K"],
  [647_500, "648K"],
  [268_098_176, "268.10M"],
  [1_777_088_000, "1.8B"],
  [7_000_000_000, "7B"],
])("%d parameters read %s", (count, text) => {
  expect(printCount(count)).toBe(text);
});
