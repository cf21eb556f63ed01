import { PromptError } from "../errors.ts";
import { quote } from "../go-template/quote.ts";
import type { BuiltinRenderer, RendererOptions } from "./renderers/builtin-renderer.ts";
import { cogito } from "./renderers/cogito.ts";
import { cohere } from "./renderers/cohere.ts";
import { deepseek31 } from "./renderers/deepseek3.1.ts";
import { functionGemma } from "./renderers/functiongemma.ts";
import { gemma4 } from "./renderers/gemma4.ts";
import { gemma4Size } from "./renderers/gemma4-size.ts";
import { glimmer } from "./renderers/glimmer.ts";
import { glm47 } from "./renderers/glm-4.7.ts";
import { glmOcr } from "./renderers/glm-ocr.ts";
import { laguna } from "./renderers/laguna.ts";
import { lfm2 } from "./renderers/lfm2.ts";
import { nemotronNano } from "./renderers/nemotron-3-nano.ts";
import { olmo3 } from "./renderers/olmo3.ts";
import { olmo3Think } from "./renderers/olmo3-think.ts";
import { poolsideV1 } from "./renderers/poolside-v1.ts";
import { ornith, qwen35 } from "./renderers/qwen3.5.ts";
import { qwen38 } from "./renderers/qwen3.8.ts";
import { qwen3Coder } from "./renderers/qwen3-coder.ts";
import { qwen3Vl } from "./renderers/qwen3-vl.ts";

const olmoIntroduction =
  "You are Olmo, a helpful AI assistant built by Ai2. Your date cutoff is December 2024, and your model weights are available at https://huggingface.co/allenai.";

/** Every renderer by the name that a model's `RENDERER` gives. A new family is one file and one line here. */
const renderers: ReadonlyMap<string, (options: RendererOptions) => BuiltinRenderer> = new Map([
  ["cogito", () => cogito],
  ["cohere", () => cohere],
  ["deepseek3.1", () => deepseek31],
  ["functiongemma", () => functionGemma],
  ["gemma4", ({ model = {} }) => gemma4(gemma4Size(model))],
  ["gemma4-large", () => gemma4("large")],
  ["gemma4-small", () => gemma4("small")],
  ["glimmer", glimmer],
  ["glm-4.7", () => glm47],
  ["glm-ocr", () => glmOcr],
  ["laguna", () => laguna],
  ["lfm2", () => lfm2("plain")],
  ["lfm2-thinking", () => lfm2("thinking")],
  ["nemotron-3-nano", () => nemotronNano("3.0")],
  ["nemotron-3.5-nano", () => nemotronNano("3.5")],
  ["olmo3", () => olmo3("You are a helpful function-calling AI assistant.")],
  ["olmo3-32b-think", () => olmo3Think("You are a helpful AI assistant.")],
  ["olmo3-think", () => olmo3Think(olmoIntroduction)],
  ["olmo3.1", () => olmo3(olmoIntroduction)],
  ["ornith", () => ornith],
  ["poolside-v1", () => poolsideV1],
  ["qwen3-coder", () => qwen3Coder],
  ["qwen3-vl-instruct", () => qwen3Vl(false)],
  ["qwen3-vl-thinking", () => qwen3Vl(true)],
  ["qwen3.5", () => qwen35],
  ["qwen3.8", () => qwen38],
]);

/** Names that `rendererFor` knows, sorted. */
export const rendererNames: readonly string[] = /* @__PURE__ */ Array.from(/* @__PURE__ */ renderers.keys());

/**
 * The built-in renderer of that name.
 * @throws PromptError `RENDERER_UNKNOWN` when there is none
 */
export function rendererFor(name: string, options: RendererOptions = {}): BuiltinRenderer {
  const create = renderers.get(name);
  if (create === undefined) {
    throw new PromptError("RENDERER_UNKNOWN", `unknown renderer ${quote(name)}`, {
      details: { renderer: name },
    });
  }
  return withOwnErrors(create(options));
}

/** Arguments nested some thousand levels deep exhaust the stack; they come from the network. */
function withOwnErrors({ leadingBos, render }: BuiltinRenderer): BuiltinRenderer {
  return {
    leadingBos,
    render(conversation) {
      try {
        return render(conversation);
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        throw new PromptError("RENDER_FAILED", "the conversation is too large or too deeply nested", {
          cause,
        });
      }
    },
  };
}
