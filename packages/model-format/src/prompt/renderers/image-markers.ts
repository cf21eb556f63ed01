import type { Message } from "@puna/protocol";
import { imageCount } from "./conversation-parts.ts";
import { isSpace } from "./trim-space.ts";

/**
 * Writes `[img-N]` where a message's images belong; N counts over the whole conversation.
 * Each `[img]` in the text takes one marker in order, the others go in front.
 * Text that already has numbered markers is left as it is.
 * @returns a function to call once per message, in order
 */
export function imageMarkers(): (message: Message, content?: string) => string {
  let next = 0;
  return (message, content = message.content) => {
    const first = next;
    next += imageCount(message);
    return next === first || content.includes("[img-") ? content : place(content, first, next);
  };
}

function place(content: string, first: number, end: number): string {
  let text = content;
  let prefix = "";
  for (let id = first; id < end; id += 1) {
    const marker = `[img-${id}]`;
    if (text.includes("[img]")) text = text.replace("[img]", () => marker);
    else prefix += marker;
  }
  const glued = prefix !== "" && text !== "" && !isSpace(text.charAt(0));
  return prefix + (glued ? " " : "") + text;
}
