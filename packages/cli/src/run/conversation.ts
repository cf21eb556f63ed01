import type { Format, KeepAlive, Message, ThinkValue } from "@puna/protocol";

/** What one conversation carries from turn to turn; the REPL's commands make new ones. */
export interface Conversation {
  readonly model: string;
  /** What the model can do, as its server tells it. */
  readonly capabilities: readonly string[];
  readonly messages: readonly Message[];
  /** Set in this session; also the last system message among `messages`, until those are of another model. */
  readonly system?: string;
  /** Messages that the server puts before these by itself; a saved session has them too. */
  readonly storedMessages?: readonly Message[];
  /** Name of what the model was made of, for models made of it in turn. */
  readonly parentModel?: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly format?: Format;
  readonly keepAlive?: KeepAlive;
  readonly think?: ThinkValue;
  readonly hideThinking: boolean;
  readonly verbose: boolean;
  readonly wordWrap: boolean;
  /** Show Markdown as a terminal can, where it is one. */
  readonly markdown: boolean;
}
