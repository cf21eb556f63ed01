import type { Message } from "@puna/protocol";

/**
 * Writes `[img-N]` where a picture belongs: at `[img]` in the text, else before it. Pictures are numbered over the
 * whole conversation.
 * @source ollama server/prompt.go
 */
export function tagImages(messages: readonly Message[]): readonly Message[] {
  let count = 0;
  return messages.map((message) => {
    if (message.images === undefined || message.images.length === 0) return message;
    let [prefix, content] = ["", message.content];
    for (const _ of message.images) {
      const tag = `[img-${count++}]`;
      if (content.includes("[img]")) content = content.replace("[img]", tag);
      else prefix += tag;
    }
    return { ...message, content: prefix + content };
  });
}
