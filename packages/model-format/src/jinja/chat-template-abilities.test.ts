import { expect, test } from "vitest";
import { chatTemplateAbilities } from "./chat-template-abilities.ts";

test.each([
  ["{{ messages }}", [], false],
  ["{% if tools %}", ["tools"], false],
  ["{% if tools %}{{ m.tool_calls }}{{ m['role'] == 'tool' }}", ["tools"], true],
  ['{% if tools %}{{ m.tool_calls }}{% if message.role == "tool" %}', ["tools"], true],
  ["{{ m.tool_calls }}<tool_response>", ["tools"], true],
  ["{{ message.role == 'tool' }} ipython", [], false],
  ["<think></think>", ["thinking"], false],
  ["<think>{{ tools }}</think>", ["tools", "thinking"], false],
  ["{{ content.split('</think>') }}", ["thinking"], false],
  ["{{ content.split('</think>') }} reasoning_content", [], false],
])("reads the abilities of %s from its words", (text, abilities, roundTripsTools) => {
  expect(chatTemplateAbilities(text)).toEqual({ abilities, roundTripsTools });
});
