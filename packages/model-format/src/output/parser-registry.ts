import type { OutputParserFamily } from "./output-parser.ts";
import { cohere } from "./parsers/cohere.ts";
import { cogito, deepseek3 } from "./parsers/deepseek3.ts";
import { functionGemma } from "./parsers/functiongemma.ts";
import { gemma4 } from "./parsers/gemma4.ts";
import { glimmer } from "./parsers/glimmer.ts";
import { glm47, glmOcr } from "./parsers/glm.ts";
import { harmony } from "./parsers/harmony.ts";
import { laguna } from "./parsers/laguna.ts";
import { lfm2 } from "./parsers/lfm2.ts";
import { ministral } from "./parsers/ministral.ts";
import { olmo3, olmo3Think } from "./parsers/olmo3.ts";
import { passthrough } from "./parsers/passthrough.ts";
import { qwen3, qwen3Vl } from "./parsers/qwen3.ts";
import { qwen3Coder, thinkingThenXmlCalls } from "./parsers/qwen3-coder.ts";

/** Every parser by the name that a model's `PARSER` gives. A new family is one file and one line here. */
const families: ReadonlyMap<string, OutputParserFamily> = new Map([
  ["cogito", cogito],
  ["cohere", cohere],
  ["deepseek3", deepseek3],
  ["functiongemma", functionGemma],
  ["gemma4", /* @__PURE__ */ gemma4(true)],
  ["gemma4-no-thinking", /* @__PURE__ */ gemma4(false)],
  ["glimmer", glimmer],
  ["glm-4.7", glm47],
  ["glm-ocr", glmOcr],
  ["harmony", harmony],
  ["laguna", /* @__PURE__ */ laguna(true)],
  ["lfm2", /* @__PURE__ */ lfm2(false)],
  ["lfm2-thinking", /* @__PURE__ */ lfm2(true)],
  ["ministral", ministral],
  ["nemotron-3-nano", /* @__PURE__ */ thinkingThenXmlCalls(false)],
  ["nemotron-3.5-nano", /* @__PURE__ */ thinkingThenXmlCalls(false)],
  ["olmo3", olmo3],
  ["olmo3-think", olmo3Think],
  ["ornith", /* @__PURE__ */ thinkingThenXmlCalls(true)],
  ["passthrough", passthrough],
  ["poolside-v1", /* @__PURE__ */ laguna(false)],
  ["qwen3", /* @__PURE__ */ qwen3(false)],
  ["qwen3-coder", qwen3Coder],
  ["qwen3-thinking", /* @__PURE__ */ qwen3(true)],
  ["qwen3-vl-instruct", /* @__PURE__ */ qwen3Vl(false)],
  ["qwen3-vl-thinking", /* @__PURE__ */ qwen3Vl(true)],
  ["qwen3.5", /* @__PURE__ */ thinkingThenXmlCalls(true)],
]);

/** Names that `outputParserFamily` knows, sorted. */
export const outputParserNames: readonly string[] = /* @__PURE__ */ Array.from(
  /* @__PURE__ */ families.keys(),
);

/** The built-in parser of that name, or undefined: an unknown name means that no parser applies. */
export function outputParserFamily(name: string): OutputParserFamily | undefined {
  return families.get(name);
}
