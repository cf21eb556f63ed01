import { PromptError } from "../errors.ts";
import type { Conversation, Renderer } from "../prompt/renderer.ts";
import { adaptConversation } from "./adapt-conversation.ts";
import { parseTemplate } from "./parse-template.ts";
import { asPromptError, runTemplate } from "./run-template.ts";
import { probeTraits, type TemplateTraits } from "./template-traits.ts";
import type { WorkLimits } from "./work-budget.ts";

export interface ChatTemplateOptions {
  /** Text of the tokens that begin and end a sequence, which many templates write. */
  readonly bosToken?: string;
  readonly eosToken?: string;
  /** Clock for templates that ask for the date. Default: the system's. */
  readonly now?: () => Date;
  /** More variables for the template, as llama.cpp's `chat_template_kwargs`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** A GGUF file's own Jinja chat template, read once. */
export interface ChatTemplate extends Renderer {
  readonly traits: TemplateTraits;
  /**
   * A last assistant message is a beginning that the model goes on with.
   * @throws PromptError `TEMPLATE_FAILED` when the template refuses the conversation or cannot run, `TEMPLATE_LIMIT`
   */
  render(conversation: Conversation): string;
}

/** What llama.cpp does with a model that brings no template. */
const chatMl = `{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}`;

/**
 * Reads a chat template and finds out what it understands.
 * @throws PromptError `TEMPLATE_INVALID`, `TEMPLATE_LIMIT`
 */
export function compileChatTemplate(text: string, options: ChatTemplateOptions = {}): ChatTemplate {
  const { bosToken = "", eosToken = "", now = () => new Date(), variables = {} } = options;
  const program = parseTemplate(text);
  const run = (input: Readonly<Record<string, unknown>>, limits: WorkLimits) =>
    runTemplate(
      program,
      { enable_thinking: true, bos_token: bosToken, eos_token: eosToken, ...variables, ...input },
      { now, limits },
    );
  const traits = probeTraits((input) => run(input, probeLimits));
  const thinkingKey = text.includes("reasoning_content") ? "reasoning_content" : "thinking";
  return {
    traits,
    render(conversation) {
      const { history, beginning } = splitBeginning(conversation);
      try {
        const adapted = adaptConversation(history, traits, thinkingKey);
        const limits = limitsFor(adapted.messages.length, JSON.stringify(adapted).length);
        const input = { ...adapted, ...thinkingVariables(conversation.think), add_generation_prompt: true };
        const prompt = run(input, limits);
        return beginning === undefined ? prompt : prompt + continuation(prompt, beginning);
      } catch (cause) {
        // Arguments nested without end exhaust the stack before the template sees them.
        throw asPromptError(cause);
      }
    },
  };
}

/**
 * The model's own template, or ChatML where it has none or one that we cannot read.
 * @returns `problem` when there was a template but it could not be read
 */
export function chatTemplateOrFallback(
  text: string | undefined,
  options: ChatTemplateOptions = {},
): { readonly template: ChatTemplate; readonly problem?: PromptError } {
  if (text === undefined || text.trim() === "") return { template: compileChatTemplate(chatMl, options) };
  try {
    return { template: compileChatTemplate(text, options) };
  } catch (problem) {
    if (!PromptError.is(problem)) throw problem;
    return { template: compileChatTemplate(chatMl, options), problem };
  }
}

/** Grows with the conversation: a template visits each message some times, and compares some with each other. */
function limitsFor(messages: number, chars: number): WorkLimits {
  return {
    work: 400_000 + 2000 * messages + messages ** 2 / 4 + 10 * chars,
    textChars: 2_000_000 + 4 * chars,
    elements: 400_000 + chars,
  };
}

/** Trying out a template takes a dozen runs on tiny conversations, none of which needs a tenth of this. */
const probeLimits: WorkLimits = { work: 30_000, textChars: 100_000, elements: 50_000 };

function thinkingVariables(think: Conversation["think"]): Readonly<Record<string, unknown>> {
  if (think === undefined) return {};
  const thinks = think !== false;
  return {
    enable_thinking: thinks,
    // DeepSeek's name for the same switch.
    thinking: thinks,
    ...(typeof think === "string" ? { reasoning_effort: think } : {}),
  };
}

function splitBeginning(conversation: Conversation): {
  readonly history: Conversation;
  readonly beginning?: Conversation["messages"][number];
} {
  const last = conversation.messages.at(-1);
  if (last?.role !== "assistant" || last.tool_calls?.length) return { history: conversation };
  return { history: { ...conversation, messages: conversation.messages.slice(0, -1) }, beginning: last };
}

/** The beginning of an answer, in the block that the prompt has opened. */
function continuation(prompt: string, { thinking, content }: Conversation["messages"][number]): string {
  if (!/<think>\s*$/.test(prompt.slice(-64))) return content;
  if (content === "") return thinking ?? "";
  return `${thinking ?? ""}\n</think>\n\n${content}`;
}
