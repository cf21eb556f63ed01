import type { ChatResponse, Message, Metrics } from "@puna/protocol";
import type { CliContext } from "../context.ts";
import { withStatusPrefix } from "../server/status-prefix.ts";
import { startSpinner } from "../ui/spinner.ts";
import { WordWrapper } from "../ui/word-wrap.ts";
import type { Conversation } from "./conversation.ts";
import { printStatistics } from "./statistics.ts";

const grey = "\u001b[90m";
const reset = "\u001b[0m";

/**
 * Sends the conversation and writes the answer as it comes.
 * @returns the assistant's message, also when `signal` cut it short
 */
export async function streamAnswer(
  context: CliContext,
  conversation: Conversation,
  signal?: AbortSignal,
): Promise<Message> {
  const view = new AnswerView(context, conversation);
  let spinner: Disposable | undefined = startSpinner(context.stderr);
  let last: Metrics | undefined;
  try {
    const request = context.client.chat({
      model: conversation.model,
      messages: [...conversation.messages],
      options: conversation.options,
      ...(conversation.format === undefined ? {} : { format: conversation.format }),
      ...(conversation.keepAlive === undefined ? {} : { keep_alive: conversation.keepAlive }),
      ...(conversation.think === undefined ? {} : { think: conversation.think }),
      stream: true,
    });
    const chunks = await withStatusPrefix(request);
    const stop = () => chunks.abort();
    signal?.addEventListener("abort", stop, { once: true });
    for await (const chunk of chunks) {
      spinner?.[Symbol.dispose]();
      spinner = undefined;
      view.write(chunk);
      if (chunk.done) last = chunk;
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    spinner?.[Symbol.dispose]();
    view.stop();
  }
  context.stdout.write("\n\n");
  if (conversation.verbose && last !== undefined) context.stderr.write(printStatistics(last));
  return view.message;
}

/** Writes thinking and answer, and remembers both. */
class AnswerView {
  readonly #context: CliContext;
  readonly #hideThinking: boolean;
  readonly #colors: boolean;
  readonly #wrapper: WordWrapper | undefined;
  #thinking = "";
  #content = "";
  #isThinking = false;

  constructor(context: CliContext, conversation: Conversation) {
    this.#context = context;
    this.#hideThinking = conversation.hideThinking;
    const { isTTY = false, columns = 80 } = context.stdout;
    this.#colors = context.colors && isTTY;
    this.#wrapper = conversation.wordWrap && isTTY ? new WordWrapper(columns) : undefined;
  }

  get message(): Message {
    return {
      role: "assistant",
      content: this.#content,
      ...(this.#thinking === "" ? {} : { thinking: this.#thinking }),
    };
  }

  write({ message }: ChatResponse): void {
    if (message.thinking) {
      if (!this.#isThinking && !this.#hideThinking) this.#put(`${this.#colors ? grey : ""}Thinking...\n`);
      this.#isThinking = true;
      this.#thinking += message.thinking;
      if (!this.#hideThinking) this.#put(message.thinking);
    }
    if (message.content) {
      this.#endThinking();
      this.#content += message.content;
      this.#put(message.content);
    }
    if (message.tool_calls) {
      this.#endThinking();
      this.#put(`${message.tool_calls.map((call) => JSON.stringify(call.function)).join("\n")}\n`);
    }
  }

  /** Leaves the terminal in its own colours however the stream ended. */
  stop(): void {
    this.#endThinking();
    const rest = this.#wrapper?.end() ?? "";
    if (rest !== "") this.#context.stdout.write(rest);
  }

  #endThinking(): void {
    if (!this.#isThinking) return;
    this.#isThinking = false;
    if (this.#hideThinking) return;
    const newline = this.#thinking.endsWith("\n") ? "" : "\n";
    this.#put(`${newline}...done thinking.${this.#colors ? reset : ""}\n\n`);
  }

  #put(text: string): void {
    const out = this.#wrapper === undefined ? text : this.#wrapper.push(text);
    if (out !== "") this.#context.stdout.write(out);
  }
}
