import type { Conversation } from "../run/conversation.ts";

/** What a slash command leaves behind: the next conversation, a text to print, or the end. */
export interface SlashResult {
  readonly conversation?: Conversation;
  readonly print?: string;
  readonly ends?: boolean;
  /** Load this model before the next turn. */
  readonly load?: string;
  /** Whether lines typed from now on are kept. */
  readonly history?: boolean;
}
