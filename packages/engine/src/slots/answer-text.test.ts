import fc from "fast-check";
import { expect, it } from "vitest";
import { AnswerText } from "./answer-text.ts";

const special = 300;
/** Tokens are bytes; 300 is a special token. */
const piece = (token: number, asText: boolean) =>
  token === special ? new TextEncoder().encode(asText ? "<tool>" : "") : Uint8Array.of(token);

function run(
  tokens: readonly number[],
  options: { stop?: readonly string[]; preserved?: readonly number[] } = {},
) {
  const answer = new AnswerText({ stop: options.stop ?? [], preserved: new Set(options.preserved), piece });
  const shown: string[] = [];
  const logprobs: number[] = [];
  for (const [index, token] of tokens.entries()) {
    const entry = { id: index, token: "", bytes: [], logprob: 0, top: [] };
    const { delta, stop } = answer.push({ token, logprobs: entry });
    if (delta !== undefined) shown.push(delta.text);
    logprobs.push(...(delta?.logprobs ?? []).map(({ id }) => id));
    if (stop !== undefined) return { shown, stop, logprobs };
  }
  const rest = answer.end();
  if (rest !== undefined) shown.push(rest.text);
  logprobs.push(...(rest?.logprobs ?? []).map(({ id }) => id));
  return { shown, logprobs };
}

const bytes = (text: string) => [...new TextEncoder().encode(text)];

it("shows whole characters, however their bytes are cut, and all log-probabilities in order", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 12 }), (text) => {
      const { shown, logprobs } = run(bytes(text));
      expect(shown.join("")).toBe(text);
      for (const part of shown) expect(part.isWellFormed() && !part.includes("\uFFFD")).toBe(true);
      expect(logprobs).toEqual(bytes(text).map((_, index) => index));
    }),
  );
});

it("drops half a character at the end", () => {
  expect(run(bytes("ab🌍").slice(0, -1)).shown.join("")).toBe("ab");
});

it("hides special tokens unless they are to be seen", () => {
  const tokens = [...bytes("a"), special, ...bytes("b")];
  expect(run(tokens).shown.join("")).toBe("ab");
  expect(run(tokens, { preserved: [special] }).shown.join("")).toBe("a<tool>b");
});

it("shows neither a stop sequence nor the log-probabilities of its tokens", () => {
  const result = run(bytes("one STOP two"), { stop: ["STOP"] });
  expect(result).toMatchObject({ stop: "STOP", logprobs: [0, 1, 2, 3] });
  expect(result.shown.join("")).toBe("one ");
  expect(run(bytes("one STO"), { stop: ["STOP"] })).toMatchObject({ logprobs: [0, 1, 2, 3, 4, 5, 6] });
});
