import assert from "node:assert/strict";
import { fitToContext, outputParserFamily, PromptTemplate, rendererFor } from "@puna/model-format";
import { bytesSource, readGguf } from "@puna/model-format/gguf";
import { GoMap, GoTemplate } from "@puna/model-format/go-template";
import { jsonSchemaToGbnf } from "@puna/model-format/grammar";
import { tinyLlama } from "@puna/model-format/testing";

const renderer = rendererFor("qwen3-coder");
const fitted = await fitToContext({
  conversation: { messages: [{ role: "user", content: "Hello there" }] },
  limitTokens: 4096,
  render: (conversation) => renderer.render(conversation),
  countTokens: (text) => text.length,
});
assert.equal(fitted.prompt, "<|im_start|>user\nHello there<|im_end|>\n<|im_start|>assistant\n");

const template = PromptTemplate.parse("{{ range .Messages }}<{{ .Role }}>{{ .Content }}{{ end }}");
assert.equal(template.render({ messages: [{ role: "user", content: "Hello" }] }), "<user>Hello");
assert.equal(GoTemplate.parse("Hi {{ .Name }}").execute(GoMap.of({ Name: "you" })), "Hi you");

const parser = outputParserFamily("qwen3-thinking")?.create({ tools: [] });
assert.deepEqual(
  [...(parser?.push("Simple.</thi") ?? []), ...(parser?.push("nk>\n\n4") ?? []), ...(parser?.end() ?? [])],
  [
    { type: "thinking-delta", text: "Simple." },
    { type: "text-delta", text: "4" },
  ],
);
assert.equal((await readGguf(bytesSource(tinyLlama()))).metadata.architecture, "llama");
assert.match(jsonSchemaToGbnf({ type: "boolean" }).grammar, /root ::=/);
console.log("ok");
