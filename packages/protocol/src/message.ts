/** `think` of a request: on, off, or an effort level; absent means the model's default. */
export type ThinkValue = boolean | "low" | "medium" | "high" | "max";

/** A call the model asks for. `arguments` keeps the order in which the model wrote the keys. */
export interface ToolCall {
  readonly id?: string;
  readonly function: {
    readonly index?: number;
    readonly name: string;
    readonly arguments: Readonly<Record<string, unknown>>;
  };
}

/** One turn of a conversation, in Ollama's wire form. */
export interface Message {
  /** `system`, `user`, `assistant`, `tool`; other values are kept, templates decide. Lower case. */
  readonly role: string;
  readonly content: string;
  readonly thinking?: string;
  /** Raw bytes as standard base64, no data-URI prefix. */
  readonly images?: readonly string[];
  readonly tool_calls?: readonly ToolCall[];
  /** For `role: "tool"`: which tool answered. */
  readonly tool_name?: string;
  readonly tool_call_id?: string;
}
