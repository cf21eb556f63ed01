import { escapeGoJson, type Message, type ToolCall } from "@puna/protocol";
import type { CliContext } from "../context.ts";
import { MarkdownStream } from "../ui/markdown/markdown-stream.ts";
import { WordWrapper } from "../ui/word-wrap.ts";
import type { Conversation } from "./conversation.ts";

const grey = "\u001b[90m";
const bold = "\u001b[1m";
const reset = "\u001b[0m";
const defaultColumns = 80;

/** Turns pieces of text into what is written; `end` gives what was held back. */
interface TextShaper {
  push(text: string): string;
  end(): string;
}

const asItIs: TextShaper = { push: (text) => text, end: () => "" };

/** Writes thinking and answer as they come, and remembers both. */
export class AnswerView {
  readonly #context: CliContext;
  readonly #hidesThinking: boolean;
  readonly #isTerminal: boolean;
  readonly #colors: boolean;
  readonly #answer: TextShaper;
  readonly #thoughts: TextShaper;
  #thinking = "";
  #content = "";
  #isThinking = false;

  constructor(context: CliContext, conversation: Conversation) {
    const { isTTY = false, columns = defaultColumns } = context.stdout;
    const width = conversation.wordWrap ? columns : Number.POSITIVE_INFINITY;
    this.#context = context;
    this.#hidesThinking = conversation.hideThinking;
    this.#isTerminal = isTTY;
    this.#colors = context.colors && isTTY;
    // JSON is not Markdown, and without colours its marks say more than nothing in their place.
    const showsMarkdown = this.#colors && conversation.markdown && conversation.format === undefined;
    const plain = () => (isTTY && conversation.wordWrap ? new WordWrapper(columns) : asItIs);
    this.#answer = showsMarkdown ? new MarkdownStream(width) : plain();
    this.#thoughts = plain();
  }

  get message(): Message {
    return {
      role: "assistant",
      content: this.#content,
      ...(this.#thinking === "" ? {} : { thinking: this.#thinking }),
    };
  }

  write(message: Message): void {
    if (message.thinking) this.#think(message.thinking);
    if (message.content) {
      this.#endThinking();
      this.#content += message.content;
      this.#put(this.#answer.push(this.#harmless(message.content)));
    }
    if (message.tool_calls) {
      this.#endThinking();
      this.#put(this.#answer.end());
      this.#put(this.#describeCalls(message.tool_calls));
    }
  }

  /** Leaves the terminal in its own colours however the answer ended. */
  stop(): void {
    this.#endThinking();
    this.#put(this.#answer.end());
  }

  #think(text: string): void {
    if (!this.#isThinking && !this.#hidesThinking) this.#put(`${this.#colors ? grey : ""}Thinking...\n`);
    this.#isThinking = true;
    this.#thinking += text;
    if (!this.#hidesThinking) this.#put(this.#thoughts.push(this.#harmless(text)));
  }

  #endThinking(): void {
    if (!this.#isThinking) return;
    this.#isThinking = false;
    if (this.#hidesThinking) return;
    const newline = this.#thinking.endsWith("\n") ? "" : "\n";
    this.#put(`${this.#thoughts.end()}${newline}...done thinking.${this.#colors ? reset : ""}\n\n`);
  }

  /** Nothing here offers a tool, so every call is one too many. */
  #describeCalls(calls: readonly ToolCall[]): string {
    const [strong, plain, end] = this.#colors ? [`${grey}${bold}`, reset, reset] : ["", "", ""];
    const lines = calls.map(({ function: { name, arguments: values } }) => {
      const shown = this.#harmless(escapeGoJson(JSON.stringify(values)));
      return `  Model called a non-existent function '${plain}${this.#harmless(name)}${strong}()' with arguments: ${plain}${shown}${strong}`;
    });
    return `${strong}${lines.join("\n")}${end}`;
  }

  /** A model must not move the cursor or change the colours of a terminal. */
  #harmless(text: string): string {
    return this.#isTerminal ? text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "") : text;
  }

  #put(text: string): void {
    if (text !== "") this.#context.stdout.write(text);
  }
}
