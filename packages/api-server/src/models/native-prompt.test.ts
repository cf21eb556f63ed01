import { compileChatTemplate, PromptTemplate } from "@puna/model-format";
import type { Message } from "@puna/protocol";
import { expect, test } from "vitest";
import { nativePrompt } from "./native-prompt.ts";

const text =
  "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}[assistant]";
const messages: readonly Message[] = [{ role: "user", content: "hi" }];

function rendered(addedBos: string): string {
  const template = compileChatTemplate(text, { bosToken: "<s>", eosToken: "</s>" });
  return nativePrompt(template, { text, bare: PromptTemplate.parse("{{ .Prompt }}"), addedBos }).render({
    messages,
  });
}

test("writes the tokens that end turns", () => {
  expect(rendered("")).toBe("<s>[user]hi</s>[assistant]");
});

test("leaves out the first token where the tokenizer writes it", () => {
  expect(rendered("<s>")).toBe("[user]hi</s>[assistant]");
});
