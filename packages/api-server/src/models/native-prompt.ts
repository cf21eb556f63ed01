import type { ChatTemplate, PromptTemplate } from "@puna/model-format";
import { inSequence } from "./in-sequence.ts";
import type { ModelPrompt } from "./model-prompt.ts";
import { tagImages } from "./tag-images.ts";
import { preservedTags, thinkingParser, toolCallParser } from "./tag-parsers.ts";

/** What the templates that ship in GGUF files put around thinking, with rare exceptions. */
const thinkTags = { opening: "<think>", closing: "</think>" };

/** What begins a tool call in the templates that ship in GGUF files; the first that the template names counts. */
const toolTags: readonly string[] = [
  "<tool_call>",
  "[TOOL_CALLS]",
  "<|tool_call|>",
  "<|python_tag|>",
  "<function_call>",
];

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
  const toolTag = toolTags.find((tag) => text.includes(tag)) ?? "{";
  return {
    mode: "native",
    hasFamilyParser: false,
    leadingBos: "",
    preservedTokens(tools) {
      const thinks = text.includes(thinkTags.opening) ? [thinkTags.opening, thinkTags.closing] : [];
      return [...thinks, ...preservedTags(toolTag, tools)];
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
      inSequence(thinkingParser(thinkTags, reading), toolCallParser(toolTag, reading.tools)),
    // Without a conversation the text is what the model wrote, tags and all.
    generateParser: () => undefined,
  };
}
