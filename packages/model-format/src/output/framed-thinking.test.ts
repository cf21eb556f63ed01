import { expect, test } from "vitest";
import { FramedThinking } from "./framed-thinking.ts";

const frame = { opening: "<think>\n", closing: "\n</think>\n\n" };

function read(text: string, options: Partial<ConstructorParameters<typeof FramedThinking>[0]> = {}) {
  const [whole, cut] = [[text], [...text]].map((pieces) => {
    const parser = new FramedThinking({ ...frame, prompt: "[assistant]", ...options });
    const events = [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()];
    const joined = (type: string) =>
      events.map((event) => (event.type === type && "text" in event ? event.text : "")).join("");
    return [joined("thinking-delta"), joined("text-delta")];
  });
  expect(cut).toEqual(whole);
  return whole;
}

test.each([
  ["<think>\nhm\n</think>\n\nYes.", "hm\n", "Yes."],
  ["\n <think>hm</think>Yes.", "hm", "Yes."],
  ["<think>\n\nhm\n</think>\n\n\nYes.", "\nhm\n", "\nYes."],
  ["<think>\n\n</think>\n\nYes.", "", "Yes."],
  ["<think>\nnever closed </thi", "never closed </thi", ""],
  ["  Yes <think>no</think>", "", "Yes <think>no</think>"],
  ["<thi", "", "<thi"],
  ["", "", ""],
])("parts %j by the frame and drops only its blanks", (text, thinking, answer) => {
  expect(read(text)).toEqual([thinking, answer]);
});

test("goes on inside what the prompt has opened", () => {
  expect(read(" hm\n</think>\n\nYes.", { prompt: "[assistant]<think>\n" })).toEqual([" hm\n", "Yes."]);
  expect(read("hm</think>Yes.", { prompt: "[a]<think>hm, ", startsInside: true })).toEqual(["hm", "Yes."]);
});

test("counts blanks of the prompt as thinking where they are not the frame's", () => {
  const bare = { opening: "<think>", closing: "</think>" };
  expect(read("hm</think>\n\nYes.", { ...bare, prompt: "<think>\n" })).toEqual(["\nhm", "\n\nYes."]);
});

test("leaves everything in the answer behind thinking that the prompt has closed", () => {
  const prompt = "[assistant]<think>\n\n</think>\n\n";
  expect(read("\n<think>x</think>", { prompt })).toEqual(["", "\n<think>x</think>"]);
  expect(read("<think>x</think>y", { prompt: "[assistant]</think>" })).toEqual(["x", "y"]);
});

test("begins inside where nothing marks the beginning", () => {
  expect(read("hm\n</think>\n\nYes.", { opening: "" })).toEqual(["hm\n", "Yes."]);
});

test("ends where a call begins, if models forget to close it", () => {
  const prompt = "[assistant]<think>\n";
  const interruptions = ["<call>", "\n\n<call>"];
  expect(read("hm<call>x</think>", { prompt, interruptions })).toEqual(["hm", "<call>x</think>"]);
  expect(read("hm\n\n<call>", { prompt, interruptions })).toEqual(["hm", "\n\n<call>"]);
  expect(read("hm <cal</think>\nYes <call>", { prompt, interruptions })).toEqual(["hm <cal", "Yes <call>"]);
  expect(read("\n<call>", { prompt, interruptions })).toEqual(["", "<call>"]);
});

test("drops a closing without thinking where the template writes one", () => {
  expect(read("</think>\n\nYes.", { closesAlone: true })).toEqual(["", "Yes."]);
  expect(read("</thin", { closesAlone: true })).toEqual(["", "</thin"]);
  expect(read("<think>hm</think>Yes.", { closesAlone: true })).toEqual(["hm", "Yes."]);
  expect(read("</think>Yes.")).toEqual(["", "</think>Yes."]);
});
