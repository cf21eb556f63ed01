import { expect, it } from "vitest";
import { planCacheType } from "./plan-cache-type.ts";

const wish = { asked: undefined, fallback: "f16", flashAttention: undefined, architecture: "llama" };

it("takes what the load asks for, or what the server says", () => {
  expect(planCacheType({ ...wish, fallback: "q8_0" })).toBe("q8_0");
  expect(planCacheType({ ...wish, asked: "q4_0", fallback: "q8_0" })).toBe("q4_0");
  expect(planCacheType({ ...wish, fallback: "Q8_0", flashAttention: true })).toBe("Q8_0");
});

it("leaves types that are not quantized as they are without flash attention", () => {
  for (const type of ["", "f16", "F16", "bf16", "f32"])
    expect(planCacheType({ ...wish, asked: type, flashAttention: false })).toBe(type);
});

it("has a quantized type for all models give way to f16 where flash attention is off", () => {
  expect(planCacheType({ ...wish, fallback: "q8_0", flashAttention: false })).toBe("f16");
  expect(planCacheType({ ...wish, fallback: "Q4_0", architecture: "grok" })).toBe("f16");
});

it("refuses a quantized type that the load asks for without flash attention", () => {
  const refused = expect.objectContaining({ code: "UNSUPPORTED" });
  expect(() => planCacheType({ ...wish, asked: "q8_0", flashAttention: false })).toThrow(refused);
  expect(() => planCacheType({ ...wish, asked: "q8_0", architecture: "grok", flashAttention: true })).toThrow(
    refused,
  );
});
