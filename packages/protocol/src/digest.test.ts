import { expect, test } from "vitest";
import { blobFileName, digestHex, digestOfHex, parseDigest, tryParseDigest } from "./digest.ts";

const hex = "0123456789abcdef".repeat(4);

test("reads both separators and any case into one canonical form", () => {
  for (const text of [`sha256:${hex}`, `sha256-${hex}`, `sha256-${hex.toUpperCase()}`]) {
    expect(parseDigest(text)).toBe(`sha256:${hex}`);
  }
  expect(blobFileName(parseDigest(`sha256:${hex}`))).toBe(`sha256-${hex}`);
  expect(digestHex(digestOfHex(hex))).toBe(hex);
});

test.each([
  "",
  "sha256",
  hex,
  `sha256:${hex}0`,
  `sha256:${hex.slice(1)}`,
  `sha256:${hex}\n`,
  `sha256:../${hex}`,
  `SHA256:${hex}`,
  `sha256_${hex}`,
  `sha512:${hex}`,
])("refuses %j", (text) => {
  expect(tryParseDigest(text)).toBeUndefined();
  expect(() => parseDigest(text)).toThrow("invalid digest format");
});
