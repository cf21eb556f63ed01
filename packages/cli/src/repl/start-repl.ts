import type { Message, ShowResponse } from "@puna/protocol";
import type { CliContext } from "../context.ts";
import { describeError } from "../describe-error.ts";
import { attachMedia, beginsWithMediaPath } from "../run/attach-media.ts";
import type { Conversation } from "../run/conversation.ts";
import { streamAnswer } from "../run/stream-answer.ts";
import { isNotFound, withStatusPrefix } from "../server/status-prefix.ts";
import { onResize } from "../ui/on-resize.ts";
import { completeCommand } from "./complete-command.ts";
import { editInEditor } from "./edit-in-editor.ts";
import { readLine } from "./editor/read-line.ts";
import { TerminalInput } from "./editor/terminal-input.ts";
import { History } from "./history.ts";
import { type OpenText, takeLine } from "./session.ts";
import { setSystem } from "./set-command.ts";
import { runSlashCommand } from "./slash-commands.ts";
import type { SlashResult } from "./slash-result.ts";

const prompt = ">>> ";
const continuation = "... ";

/** Chats until `/bye` or end of input. Ctrl-C stops an answer and keeps the session. */
export async function startRepl(
  context: CliContext,
  start: Conversation,
  model: ShowResponse,
): Promise<void> {
  printStoredMessages(context, model);
  using input = new TerminalInput(context.stdin, context.stdout);
  const repl = new Repl(context, input, await History.open(context.historyFile), {
    ...start,
    ...storedOf(model),
  });
  await repl.run();
}

class Repl {
  readonly #context: CliContext;
  readonly #input: TerminalInput;
  readonly #history: History;
  #conversation: Conversation;
  #open: OpenText | undefined;

  constructor(context: CliContext, input: TerminalInput, history: History, start: Conversation) {
    this.#context = context;
    this.#input = input;
    this.#history = history;
    this.#conversation = start;
  }

  async run(): Promise<void> {
    for (;;) {
      const line = await this.#readLine();
      if (line === undefined) return;
      const turn = takeLine(this.#open, line);
      this.#open = turn.type === "open" ? turn.open : undefined;
      switch (turn.type) {
        case "open":
        case "nothing":
          break;
        case "message":
          await this.#report(() => this.#ask(turn.text));
          break;
        case "system":
          await this.#apply(setSystem(turn.text, this.#conversation));
          break;
        case "command":
          if (beginsWithMediaPath(turn.line)) {
            await this.#report(() => this.#ask(turn.line));
          } else if (await this.#command(turn.line)) return;
          break;
        default:
          return turn satisfies never;
      }
    }
  }

  /** @returns undefined at the end of input */
  async #readLine(): Promise<string | undefined> {
    const { stdout, editor, colors } = this.#context;
    const isOpen = this.#open !== undefined;
    const result = await readLine({
      input: this.#input,
      output: stdout,
      colors,
      history: this.#history.lines,
      frame: {
        prompt: isOpen ? continuation : prompt,
        continuation,
        placeholder: isOpen ? "Press Enter to send" : "Send a message (/? for help)",
      },
      complete: completeCommand,
      editText: (text) => editInEditor(editor, text),
      onResize: (callback) => onResize(stdout, callback),
    });
    switch (result.type) {
      case "end":
        return undefined;
      case "interrupt":
        if (result.text === "" && !isOpen) stdout.write("Use Ctrl + d or /bye to exit.\n");
        this.#open = undefined;
        return "";
      case "line":
        await this.#history.add(result.text);
        return result.text;
      default:
        return result satisfies never;
    }
  }

  /** @returns whether the session ends */
  async #command(line: string): Promise<boolean> {
    let ends = false;
    await this.#report(async () => {
      const result = await runSlashCommand(line, this.#context, this.#conversation);
      ends = result.ends === true;
      await this.#apply(result);
    });
    return ends;
  }

  async #apply(result: SlashResult): Promise<void> {
    if (result.print !== undefined) this.#context.stdout.write(result.print);
    if (result.conversation !== undefined) this.#conversation = result.conversation;
    if (result.history !== undefined) this.#history.isEnabled = result.history;
    if (result.load !== undefined) await this.#load(result.load);
  }

  /** Sends a message; where the server fails, the conversation stays as it was. */
  async #ask(text: string): Promise<void> {
    const { stdout, cwd } = this.#context;
    const attached = await attachMedia(text, { ...this.#conversation, cwd });
    for (const notice of attached.notices) stdout.write(`${notice}\n`);
    const question: Message = {
      role: "user",
      content: attached.text,
      ...(attached.images.length > 0 ? { images: [...attached.images] } : {}),
    };
    const messages = [...this.#conversation.messages, question];
    const controller = new AbortController();
    const release = this.#input.onInterrupt(() => controller.abort());
    try {
      const answer = await streamAnswer(
        this.#context,
        { ...this.#conversation, messages },
        controller.signal,
      );
      this.#conversation = { ...this.#conversation, messages: [...messages, answer] };
    } finally {
      release();
    }
  }

  async #load(wanted: string): Promise<void> {
    try {
      const shown = await this.#context.client.show({ model: wanted });
      await withStatusPrefix(this.#context.client.load(wanted, this.#conversation.keepAlive));
      const { think: _think, parentModel: _parent, ...rest } = this.#conversation;
      const capabilities = shown.capabilities ?? [];
      this.#conversation = {
        ...rest,
        ...(capabilities.includes("thinking") ? { think: true } : {}),
        ...storedOf(shown),
        model: wanted,
        capabilities,
        // Stored messages are the server's to add: sent from here they would count twice.
        messages: [],
      };
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#context.stdout.write(`Couldn't find model '${wanted}'\n`);
    }
  }

  /** An error ends the turn, not the session. */
  async #report(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#context.stderr.write(`error: ${describeError(error, this.#context)}\n`);
    }
  }
}

/** What a session takes over from the model that it is begun with. */
function storedOf({ details, messages = [] }: ShowResponse): Partial<Conversation> {
  const parentModel = details?.parent_model;
  return { storedMessages: messages, ...(parentModel ? { parentModel } : {}) };
}

function printStoredMessages(context: CliContext, model: ShowResponse): void {
  for (const message of model.messages ?? []) {
    if (message.role === "user") context.stdout.write(`${prompt}${message.content}\n`);
    else if (message.role === "assistant") context.stdout.write(`${message.content}\n\n`);
  }
}
