import type { Message, ThinkValue, Tool, ToolCall } from "@puna/protocol";

/** What generated text means, in the order in which it was written. */
export type OutputEvent =
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "thinking-delta"; readonly text: string }
  | { readonly type: "tool-call"; readonly call: ToolCall };

export interface OutputParserOptions {
  readonly tools?: readonly Tool[];
  /** An assistant message here means that the answer continues it. */
  readonly lastMessage?: Message;
  readonly think?: ThinkValue;
  /** What breaks the family's format is answer instead of an error. */
  readonly failsAsText?: boolean;
}

/**
 * Splits a model's raw text into answer, thinking and tool calls while it streams.
 * Never emits half a tag, and gives the same joined result however the text is cut.
 */
export interface OutputParser {
  /** @throws OutputError `INVALID_OUTPUT` when the text breaks the family's own format, unless that is to be text */
  push(text: string): readonly OutputEvent[];
  /** Ends the text: whatever was held back is decided now. */
  end(): readonly OutputEvent[];
}

/** What a family's parser is, before it runs: facts the engine and the prompt builder need. */
export interface OutputParserFamily {
  readonly hasThinking: boolean;
  readonly hasTools: boolean;
  /** Special tokens that must arrive as text for the parser to see them. */
  readonly preservedTokens: readonly string[];
  create(options: OutputParserOptions): OutputParser;
}
