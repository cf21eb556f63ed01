import type { ShowResponse } from "@puna/protocol";
import { expect, it } from "vitest";
import { printModelCard } from "./model-card.ts";

const details = {
  parent_model: "",
  format: "gguf",
  family: "llama",
  families: ["llama"],
  parameter_size: "",
  quantization_level: "Q4_0",
};
const card = (model: Partial<ShowResponse>) => printModelCard({ details, model_info: {}, ...model });

it("takes the size from the details, else from the count of parameters", () => {
  const model_info = { "general.parameter_count": 646_500, ".context_length": 1e21 };
  expect(card({ model_info })).toBe(
    [
      "  Model",
      "    parameters        646K                      ",
      "    context length    1000000000000000000000    ",
      "    quantization      Q4_0                      \n\n",
    ].join("\n"),
  );
  expect(card({ model_info, details: { ...details, parameter_size: "7B" } })).toContain(
    "parameters        7B ",
  );
});

it("puts what blanks part in a parameter into columns", () => {
  expect(card({ parameters: 'stop  "a b"\n\ntop_k 5' })).toContain(
    '  Parameters\n    stop     "a    b"    \n    top_k    5     \n\n',
  );
});

it("shows a projector, even one that says nothing", () => {
  expect(card({ projector_info: {} })).toContain("  Projector\n\n");
  const audio = { "general.architecture": "clip", "clip.audio.embedding_length": 80 };
  expect(card({ projector_info: audio })).toContain("embedding length    80 ");
});
