import { expect, test } from "vitest";
import { type CapabilityFacts, deriveCapabilities, jinjaThinks } from "./capabilities.ts";
import { GgufMetadata } from "./gguf/metadata.ts";

function metadata(values: Readonly<Record<string, number | string | boolean>> = {}): GgufMetadata {
  return new GgufMetadata(
    Object.entries({ "general.architecture": "llama", ...values }).map(([key, value]) => ({
      key,
      value,
      type: typeof value === "string" ? "string" : typeof value === "boolean" ? "bool" : "uint32",
      offset: 0,
    })),
  );
}

const goTemplate = (...variables: string[]) => ({ kind: "go", variables, hasThinkingTags: false }) as const;

test.each([
  ["a model without a template completes", {}, ["completion"]],
  [
    "a pooling type makes an embedding model",
    { metadata: metadata({ "llama.pooling_type": 1 }) },
    ["embedding"],
  ],
  [
    "Go templates add after the model's own",
    { template: goTemplate("tools", "suffix") },
    ["completion", "tools", "insert"],
  ],
  [
    "thinking tags of a Go template count",
    { template: { ...goTemplate("messages"), hasThinkingTags: true } },
    ["completion", "thinking"],
  ],
  [
    "Jinja comes first",
    { template: { kind: "jinja", text: "{{ tools }}<think></think>" } },
    ["tools", "thinking", "completion"],
  ],
  [
    "a Jinja tool call is enough",
    { template: { kind: "jinja", text: "{{ message.tool_calls }}" } },
    ["tools", "completion"],
  ],
  [
    "a parser brings tools and thinking",
    { parser: { hasTools: true, hasThinking: true } },
    ["completion", "tools", "thinking"],
  ],
  [
    "vision inside the model",
    { metadata: metadata({ "llama.vision.block_count": 2 }) },
    ["completion", "vision"],
  ],
  ["a projector sees", { projector: metadata() }, ["completion", "vision"]],
  [
    "a projector with an audio encoder hears",
    { projector: metadata({ "clip.has_audio_encoder": true }) },
    ["completion", "vision", "audio"],
  ],
  [
    "the projector of gemma3n does not hear",
    { projector: metadata({ "clip.has_audio_encoder": true, "clip.projector_type": "gemma3nv" }) },
    ["completion", "vision"],
  ],
  ["nemotron_h_omni does not hear", { family: "nemotron_h_omni", declared: ["audio"] }, ["completion"]],
  ["gpt-oss always thinks", { family: "gptoss" }, ["completion", "thinking"]],
  [
    "declared capabilities come first and count once",
    { declared: ["tools", "completion"], template: goTemplate("tools") },
    ["tools", "completion"],
  ],
] satisfies [string, Partial<CapabilityFacts>, string[]][])("%s", (_, facts, expected) => {
  expect(deriveCapabilities({ metadata: metadata(), ...facts })).toEqual(expected);
});

test("a template that cuts thinking out of the past thinks, unless it gets it in a field of its own", () => {
  expect(jinjaThinks("{{ content.split('</think>')[-1] }}")).toBe(true);
  expect(jinjaThinks('{{ content.split( "</think>" )[-1] }}')).toBe(true);
  expect(jinjaThinks("{{ content.split('</think>')[-1] }}{{ message.reasoning_content }}")).toBe(false);
  expect(jinjaThinks("{{ content }}</think>")).toBe(false);
});
