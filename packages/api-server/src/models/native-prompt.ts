import {
  type ChatTemplate,
  FramedThinking,
  leadingBlanksDropped,
  type OutputParser,
  type PromptTemplate,
} from "@puna/model-format";
import { type CallFormat, callFormat } from "./call-format.ts";
import { inSequence } from "./in-sequence.ts";
import type { AnswerReading, ModelPrompt } from "./model-prompt.ts";
import { tagImages } from "./tag-images.ts";

export interface NativeOptions {
  /** "" where there is none: chats then go through ChatML, which is llama.cpp's choice for such files. */
  readonly text: string;
  /** What bare prompts go through where the file has no template, as in Ollama. */
  readonly bare: PromptTemplate;
  /** The token that the tokenizer puts before every prompt; a template's own is left out. */
  readonly addedBos: string;
}

/** A model that is spoken to by the Jinja template in its file. */
export function nativePrompt(template: ChatTemplate, { text, bare, addedBos }: NativeOptions): ModelPrompt {
  const calls = callFormat(text, template.calls);
  return {
    mode: "native",
    hasFamilyParser: false,
    leadingBos: "",
    preservedTokens(tools) {
      const { opening = "", closing = "" } = template.thinking ?? {};
      const tags = [opening.trim(), closing.trim()].filter((tag) => tag !== "");
      return [...tags, ...calls.preservedTokens(tools)];
    },
    finalChannelOpening: undefined,
    render(conversation) {
      // As Ollama sends them to its engine: earlier thinking stays behind.
      const messages = tagImages(conversation.messages).map(({ thinking: _, ...message }) => message);
      const prompt = template.render({ ...conversation, messages });
      return addedBos !== "" && prompt.startsWith(addedBos) ? prompt.slice(addedBos.length) : prompt;
    },
    ...(text === "" && { renderText: (conversation) => bare.render(conversation) }),
    fillIn: undefined,
    chatParser: (reading) =>
      inSequence(thinkingReader(template.thinking, reading, calls), calls.parser(reading)),
    // Without a conversation the text is what the model wrote, tags and all.
    generateParser: () => undefined,
  };
}

/** Thinking is told from the answer whether or not it was asked for; blanks before the answer are dropped with it. */
function thinkingReader(
  frame: ChatTemplate["thinking"],
  { prompt, tools, lastMessage }: AnswerReading,
  { marks, interruptions }: CallFormat,
): OutputParser | undefined {
  if (marks === "text-and-thinking") return undefined;
  if (frame === undefined) return tools.length > 0 && marks === "calls" ? leadingBlanksDropped() : undefined;
  const { role, content, thinking } = lastMessage ?? {};
  const startsInside = role === "assistant" && content === "" && thinking !== undefined && thinking !== "";
  return new FramedThinking({ ...frame, interruptions: interruptions(tools), prompt, startsInside });
}
