import type { Message } from "@puna/protocol";

const thinkBlock = /<think>[\s\S]*?<\/think>(?:\n\n)?/;

/**
 * Takes thinking out of what the model said before the last user message, for the families that were trained so.
 * @source ollama server/routes.go filterThinkTags
 */
export function stripOldThinking(
  messages: readonly Message[],
  { family, model }: { readonly family: string; readonly model: string },
): readonly Message[] {
  if (family !== "qwen3" && model !== "deepseek-r1") return messages;
  const lastUser = messages.findLastIndex((message) => message.role === "user");
  return messages.map((message, index) => {
    if (message.role !== "assistant" || index >= lastUser) return message;
    return { ...message, content: message.content.replace(thinkBlock, "") };
  });
}
