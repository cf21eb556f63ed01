import type { Message, ThinkValue, Tool } from "@puna/protocol";

/** Whether a request wants thinking; `byDefault` answers for requests that do not say. */
export function wantsThinking(think: ThinkValue | undefined, byDefault: boolean): boolean {
  return think === undefined ? byDefault : think !== false;
}

/** Whether the answer goes on with text that an assistant message already began. */
export function continuesText(last: Message | undefined): boolean {
  return last?.role === "assistant" && last.content !== "";
}

export function findTool(tools: readonly Tool[] | undefined, name: string): Tool | undefined {
  return tools?.find((tool) => tool.function.name === name);
}
