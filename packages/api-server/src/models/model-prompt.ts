import type { Conversation, OutputParser } from "@puna/model-format";
import type { Message, ThinkValue, Tool } from "@puna/protocol";

/** What an output parser must know about the request whose answer it reads. */
export interface AnswerReading {
  readonly tools: readonly Tool[];
  /** What the prompt was rendered with. */
  readonly think: ThinkValue | undefined;
  /** What the client said; absent where the model's default decided. */
  readonly requestedThink: ThinkValue | undefined;
  readonly lastMessage: Message | undefined;
  /** The rendered prompt: when it ends with an opening thinking tag, the answer begins inside. */
  readonly prompt: string;
}

/** How one model is spoken to and understood, whichever of the ways it uses. */
export interface ModelPrompt {
  /**
   * `native`: the GGUF's own Jinja template. Its tool calls are handed out together at the end, as Ollama's engine does.
   */
  readonly mode: "rendered" | "native";
  /** A family's own parser reads everything the model writes, also outside of chats. */
  readonly hasFamilyParser: boolean;
  /** Text of the BOS token that a renderer writes at the very start; "" where it writes none. */
  readonly leadingBos: string;
  /** Special tokens that must arrive as text. */
  preservedTokens(tools: readonly Tool[]): readonly string[];
  /** Harmony needs its final channel opened by hand before a constrained answer. */
  readonly finalChannelOpening: string | undefined;
  /** @throws PromptError */
  render(conversation: Conversation): string;
  /** A bare prompt and its system text; absent: as a conversation. */
  readonly renderText?: (conversation: Conversation) => string;
  /** Fill in the middle, and requests that bring a template of their own. */
  readonly fillIn: ((prompt: string, suffix: string) => string) | undefined;
  /** @returns undefined when text passes through unread */
  chatParser(reading: AnswerReading): OutputParser | undefined;
  /** As `chatParser` for a bare prompt: tools are never read, thinking only where the template shows how it is marked. */
  generateParser(reading: AnswerReading): OutputParser | undefined;
}
