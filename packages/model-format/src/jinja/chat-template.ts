import { PromptError } from "../errors.ts";
import type { CallShape } from "../output/call-shape.ts";
import type { Conversation, Renderer } from "../prompt/renderer.ts";
import { type AdaptOptions, adaptConversation, reworded } from "./adapt-conversation.ts";
import { continuation, fixedBeginning } from "./begun-answer.ts";
import { inferCallShape } from "./infer-call-shape.ts";
import { parseTemplate } from "./parse-template.ts";
import { samePrefix } from "./probe.ts";
import { asPromptError, runTemplate } from "./run-template.ts";
import { strftime } from "./strftime.ts";
import { probeTraits, type TemplateTraits } from "./template-traits.ts";
import { type ThinkingFrame, thinkingFrame } from "./thinking-frame.ts";
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
  /** How it marks thinking; undefined where it does not seem to know any. */
  readonly thinking: ThinkingFrame | undefined;
  /** How it writes calls of tools; undefined where it does not, or in a way of its own. */
  readonly calls: CallShape | undefined;
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
      {
        bos_token: bosToken,
        eos_token: eosToken,
        ...dates(now()),
        ...input,
      },
      { now, limits },
    );
  const probe = (input: Readonly<Record<string, unknown>>) =>
    run({ enable_thinking: true, ...variables, ...input }, probeLimits);
  const traits = probeTraits(probe);
  const frame = thinkingFrame(text, probe);
  const answerFrame = fixedBeginning(text) ?? (frame?.opening === "" ? undefined : frame);
  // A template that knows of nothing but the switch is not told to think by default.
  const thinks = frame !== undefined || text.includes("reasoning");
  const adaptOptions: AdaptOptions = {
    traits,
    thinkingKey: text.includes("reasoning_content") ? "reasoning_content" : "thinking",
    knowsDevelopers: text.includes("<|channel|>"),
  };
  const attempt = (conversation: Conversation) => {
    const { history, beginning } = splitBeginning(conversation);
    const adapted = adaptConversation(history, adaptOptions);
    const limits = limitsFor(adapted.messages.length, JSON.stringify(adapted).length);
    const input = {
      enable_thinking: thinks,
      ...variables,
      ...adapted,
      ...thinkingVariables(conversation.think),
    };
    const prompt = run({ ...input, add_generation_prompt: true }, limits);
    if (beginning === undefined) return prompt;
    const before = run(input, limits);
    return before + continuation(whatIsAdded(before, prompt), beginning, answerFrame);
  };
  return {
    traits,
    thinking: frame,
    calls: inferCallShape(text, probe, traits),
    render(conversation) {
      try {
        return attempt(conversation);
      } catch (cause) {
        // Arguments nested without end exhaust the stack before the template sees them.
        const problem = asPromptError(cause);
        if (problem.code !== "TEMPLATE_FAILED") throw problem;
        try {
          return attempt(reworded(conversation, traits));
        } catch {
          throw problem;
        }
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
  const effort = typeof think === "string" ? { reasoning_effort: think, reasoning_strength: think } : {};
  return { enable_thinking: think !== false, ...effort };
}

/** Today, in the two forms that templates were once given. */
function dates(today: Date): Readonly<Record<string, unknown>> {
  return { datetime: strftime(today, "%b %d %Y"), date_string: strftime(today, "%d %b %Y") };
}

function splitBeginning(conversation: Conversation): {
  readonly history: Conversation;
  readonly beginning?: Conversation["messages"][number];
} {
  const last = conversation.messages.at(-1);
  if (last?.role !== "assistant" || last.tool_calls?.length) return { history: conversation };
  return { history: { ...conversation, messages: conversation.messages.slice(0, -1) }, beginning: last };
}

/** What opens the answer, as llama.cpp finds it: the rest of the prompt from where it differs from one without. */
function whatIsAdded(before: string, prompt: string): string {
  return prompt.slice(samePrefix(before, prompt));
}
