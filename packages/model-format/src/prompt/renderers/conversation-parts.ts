import type { Message, ThinkValue } from "@puna/protocol";

/** Whether the model should think: levels mean yes. */
export function wantsThinking(think: ThinkValue | undefined, byDefault: boolean): boolean {
  return think === undefined ? byDefault : think !== false;
}

/** A leading instruction turn, apart from the turns that follow it. */
export function splitLeadingSystem(
  messages: readonly Message[],
  roles: readonly string[] = ["system"],
): { readonly system: Message | undefined; readonly rest: readonly Message[] } {
  const first = messages[0];
  if (first === undefined || !roles.includes(first.role)) return { system: undefined, rest: messages };
  return { system: first, rest: messages.slice(1) };
}

/** Index of the last message of a role, or -1. */
export function lastIndexOfRole(messages: readonly Message[], role: string): number {
  return messages.findLastIndex((message) => message.role === role);
}

/** Whether message `index` opens or closes a run of tool results, which share one turn. */
export function toolRun(messages: readonly Message[], index: number): { opens: boolean; closes: boolean } {
  return {
    opens: messages[index - 1]?.role !== "tool",
    closes: messages[index + 1]?.role !== "tool",
  };
}

/** The tool results from `start` on, up to the next message of another role. */
export function resultsFrom(messages: readonly Message[], start: number): readonly Message[] {
  let end = start;
  while (messages[end]?.role === "tool") end += 1;
  return messages.slice(start, end);
}

/** Calls of a turn; empty when it made none. */
export function callsOf(message: Message): NonNullable<Message["tool_calls"]> {
  return message.tool_calls ?? [];
}

/** Number of images (or sounds) attached to a message. */
export function imageCount(message: Message): number {
  return message.images?.length ?? 0;
}
