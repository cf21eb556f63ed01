import { expect, test } from "vitest";
import { choosePath, type PathFacts, type TemplateAbilities, type TemplateAbility } from "./choose-path.ts";

function abilities(list: readonly TemplateAbility[], roundTripsTools = false): TemplateAbilities {
  return { abilities: list, roundTripsTools };
}

function choose(facts: Partial<PathFacts>): unknown {
  return choosePath({ goTemplates: "auto", ...facts });
}

const go = (list: readonly TemplateAbility[], roundTrips = false) => ({
  ...abilities(list, roundTrips),
  text: "{{ .Prompt }}",
});
const harmonyText = "<|start|>user<|message|>{{ .Prompt }}<|end|>";

test("takes a configured renderer before everything else", () => {
  const facts = { renderer: "qwen3.5", goTemplate: go(["tools"]), format: "safetensors" };
  expect(choose(facts)).toEqual({ type: "renderer", renderer: "qwen3.5" });
  expect(choose({ ...facts, parser: "qwen3.5" })).toEqual({
    type: "renderer",
    renderer: "qwen3.5",
    parser: "qwen3.5",
  });
});

test("renders by Go template when only a parser is configured, even if Go templates are off", () => {
  expect(choose({ parser: "qwen3", goTemplates: "never" })).toEqual({ type: "go-template", parser: "qwen3" });
});

test("never leaves a safetensors model to a GGUF's template", () => {
  expect(choose({ format: "safetensors", chatTemplate: abilities(["tools"], true) })).toEqual({
    type: "go-template",
  });
});

test("knows harmony by family and by the tags in the template", () => {
  const goTemplate = { ...go([]), text: harmonyText };
  expect(choose({ family: "gptoss", goTemplate, goTemplates: "never" })).toEqual({
    type: "go-template",
    parser: "harmony",
  });
  expect(choose({ family: "llama", goTemplate })).toEqual({ type: "go-template" });
  expect(choose({ family: "gpt-oss", goTemplate: go([]) })).toEqual({ type: "go-template" });
});

test("is native without a template layer, or when Go templates are off", () => {
  expect(choose({})).toEqual({ type: "native" });
  expect(choose({ goTemplate: go(["tools"], true), goTemplates: "never" })).toEqual({ type: "native" });
});

test.each([
  { chat: abilities(["tools"]), own: go([]), native: true, why: "offers more" },
  {
    chat: abilities(["tools", "thinking"]),
    own: go(["tools"], true),
    native: false,
    why: "would lose the round trip",
  },
  {
    chat: abilities(["tools", "thinking"], true),
    own: go(["tools"], true),
    native: true,
    why: "offers more and keeps it",
  },
  { chat: abilities(["tools"], true), own: go(["tools"]), native: true, why: "alone round trips" },
  { chat: abilities(["tools"], true), own: go(["tools"], true), native: false, why: "is no better" },
  { chat: abilities(["thinking"]), own: go(["tools"]), native: false, why: "is only different" },
  { chat: abilities(["tools"], true), own: go(["tools", "insert"]), native: false, why: "offers less" },
  { chat: abilities([], true), own: go([]), native: false, why: "has no tools" },
])("a Jinja template that $why: native is $native", ({ chat, own, native }) => {
  expect(choose({ chatTemplate: chat, goTemplate: own })).toEqual({
    type: native ? "native" : "go-template",
  });
  expect(choose({ chatTemplate: chat, goTemplate: own, goTemplates: "always" })).toEqual({
    type: "go-template",
  });
});
