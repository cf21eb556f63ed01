import type { Message, ThinkValue, Tool } from "@puna/protocol";

/** What a prompt is made of, whichever way it is rendered. */
export interface Conversation {
  readonly messages: readonly Message[];
  readonly tools?: readonly Tool[];
  /** Absent: the renderer's or template's own default. */
  readonly think?: ThinkValue;
}

/** Turns a conversation into the text a model was trained on. Pure and stateless. */
export interface Renderer {
  /** @throws PromptError `RENDER_FAILED` when the conversation cannot be expressed */
  render(conversation: Conversation): string;
}
