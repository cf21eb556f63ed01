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

/**
 * A model that is spoken to by the Jinja template in its file.
 * @param text  "" where there is none: chats then go through `template`, which is llama.cpp's choice for such files, and
 *   bare prompts through `bare`, as in Ollama
 */
export function nativePrompt(template: ChatTemplate, text: string, bare: PromptTemplate): ModelPrompt {
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
      return template.render({ ...conversation, messages });
    },
    ...(text === "" && { renderText: (conversation) => bare.render(conversation) }),
    fillIn: undefined,
    chatParser: (reading) =>
      inSequence(thinkingParser(thinkTags, reading), toolCallParser(toolTag, reading.tools)),
    // Without a conversation the text is what the model wrote, tags and all.
    generateParser: () => undefined,
  };
}
