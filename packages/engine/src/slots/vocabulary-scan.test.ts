import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import loadWabt from "wabt";
import { massWithout, scanModule } from "./vocabulary-scan.ts";

it("runs the very instructions that its text says", async () => {
  const text = readFileSync(new URL("vocabulary-scan.wat", import.meta.url), "utf8");
  const module = (await loadWabt()).parseWat("vocabulary-scan.wat", text, { simd: true });
  expect(scanModule).toBe(Buffer.from(module.toBinary({}).buffer).toString("base64"));
});

it("adds up what is left of a distribution, nearly", () => {
  for (const size of [1, 255, 256, 50_003]) {
    const logits = Float32Array.from({ length: size }, (_, id) => 9 * Math.sin(id * 7.3) - (id % 11));
    logits[0] = Number.NaN;
    const left = [...logits].slice(3);
    const expected = left.reduce((sum, logit) => sum + Math.exp(logit - 9), 0);
    const mass = massWithout(logits, [0, 1, 2], 9);
    expect(mass).toBeGreaterThanOrEqual(expected * 0.96);
    expect(mass).toBeLessThanOrEqual(expected * 1.04 + 1e-30);
  }
  expect(massWithout(new Float32Array(300).fill(Number.NEGATIVE_INFINITY), [], 0)).toBeCloseTo(0, 20);
});
