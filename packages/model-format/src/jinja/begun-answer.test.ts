import { expect, test } from "vitest";
import { continuation, fixedBeginning } from "./begun-answer.ts";

const content = { role: "assistant", content: "So" };

test.each([
  [
    "<|channel|>",
    "<|start|>assistant",
    "<|start|>assistant<|channel|>analysis<|message|><|end|><|start|>assistant<|channel|>final<|message|>So",
  ],
  [
    "<atem:function_calls><|eom|>",
    "<|start|>assistant",
    "<|start|>assistant to=self<|message|><|eom|><|start|>assistant to=user<|message|>So",
  ],
  [">>>all >>>$recipient", "[assistant]>>>", "[assistant]>>>all\nSo"],
  [
    "<|START_TEXT|><|START_ACTION|>",
    "<|CHATBOT_TOKEN|><|START_THINKING|>",
    "<|CHATBOT_TOKEN|><|START_THINKING|><|END_THINKING|><|START_TEXT|>So",
  ],
  ["dsml_token tool_calls", "<｜Assistant｜><think>", "<｜Assistant｜></think>So"],
  ["<tool_call><function=<parameter=<think>", "[assistant]<think>\n", "[assistant]<think>\n\n</think>\n\nSo"],
])("goes on with an answer of %s", (template, opening, expected) => {
  expect(continuation(opening, content, fixedBeginning(template))).toBe(expected);
});

test("goes on with thinking", () => {
  const thinking = { role: "assistant", content: "", thinking: "hm" };
  expect(continuation("<think>", thinking, fixedBeginning("dsml_token tool_calls"))).toBe("<think>hm");
  expect(continuation("[a]", thinking, fixedBeginning("<|channel|>"))).toBe(
    "[a]<|channel|>analysis<|message|>hm",
  );
});

test("knows no fixed words of other templates", () => {
  expect(fixedBeginning("dsml_token function_calls tool_calls")).toBeUndefined();
  expect(continuation("[a]", content, undefined)).toBe("[a]So");
});
