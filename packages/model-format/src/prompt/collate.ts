import type { Message } from "@puna/protocol";

/**
 * Joins what templates cannot tell apart: neighbours of the same role become one message (tool results stay
 * apart), and all system texts together are the system prompt.
 * @source ollama template/template.go collate
 */
export function collate(messages: readonly Message[]): {
  readonly system: string;
  readonly messages: readonly Message[];
} {
  const collated: Message[] = [];
  const system: string[] = [];
  for (const message of messages) {
    if (message.role === "system") system.push(message.content);
    const last = collated.at(-1);
    if (last !== undefined && last.role === message.role && message.role !== "tool") {
      collated[collated.length - 1] = join(last, message);
    } else {
      collated.push(message);
    }
  }
  return { system: system.join("\n\n"), messages: collated };
}

/** The first message, with the text of the second below its own, even where one of them is empty. */
function join(first: Message, second: Message): Message {
  return { ...first, content: `${first.content}\n\n${second.content}` };
}
