import { createInterface } from "node:readline";
import type { ShowResponse } from "@puna/protocol";
import type { CliContext } from "../context.ts";
import { describeError } from "../describe-error.ts";
import type { Conversation } from "../run/conversation.ts";
import { prepareModel } from "../run/prepare-model.ts";
import { streamAnswer } from "../run/stream-answer.ts";
import { History } from "./history.ts";
import { readTurn } from "./read-turn.ts";
import { runSlashCommand } from "./slash-commands.ts";

const prompt = ">>> ";
const continuation = "... ";

/** Chats until `/bye` or end of input. Ctrl-C stops an answer and keeps the session. */
export async function startRepl(
  context: CliContext,
  start: Conversation,
  model: ShowResponse,
): Promise<void> {
  let conversation = start;
  printStoredMessages(context, model);
  const history = await History.open(context.historyFile);
  const lines = new LineReader(context, history);
  try {
    for (;;) {
      const line = await readMessage(lines, history);
      if (line === undefined) return;
      if (line.trim() === "") continue;
      if (line.trim().startsWith("/")) {
        const result = await runSlashCommand(line, context, conversation).catch((error: Error) => ({
          print: `error: ${describeError(error, context)}\n`,
        }));
        if (result.print !== undefined) context.stdout.write(result.print);
        if ("ends" in result && result.ends) return;
        if ("conversation" in result && result.conversation) conversation = result.conversation;
        if ("load" in result && result.load !== undefined)
          conversation = await load(context, conversation, result.load);
        continue;
      }
      conversation = await answer(context, lines, {
        ...conversation,
        messages: [...conversation.messages, { role: "user", content: line }],
      });
    }
  } finally {
    lines.close();
  }
}

async function readMessage(lines: LineReader, history: History): Promise<string | undefined> {
  let open: string | undefined;
  for (;;) {
    const line = await lines.read(open === undefined ? prompt : continuation);
    if (line === undefined) return undefined;
    await history.add(line);
    const turn = readTurn(open, line);
    if (turn.type === "line") return turn.text;
    open = turn.text;
  }
}

/** @returns the conversation with the answer in it; unchanged but for the question when the server failed */
async function answer(
  context: CliContext,
  lines: LineReader,
  conversation: Conversation,
): Promise<Conversation> {
  const controller = new AbortController();
  const release = lines.onInterrupt(() => controller.abort());
  try {
    const message = await streamAnswer(context, conversation, controller.signal);
    return { ...conversation, messages: [...conversation.messages, message] };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    context.stderr.write(`error: ${describeError(error, context)}\n`);
    return { ...conversation, messages: conversation.messages.slice(0, -1) };
  } finally {
    release();
  }
}

async function load(context: CliContext, conversation: Conversation, model: string): Promise<Conversation> {
  try {
    const shown = await prepareModel(context, { model, insecure: false });
    await context.client.generate({ model, prompt: "", stream: false });
    printStoredMessages(context, shown);
    return { ...conversation, model, messages: [] };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    context.stdout.write(`Couldn't find model '${model}': ${describeError(error, context)}\n`);
    return conversation;
  }
}

function printStoredMessages(context: CliContext, model: ShowResponse): void {
  for (const message of model.messages ?? []) {
    if (message.role === "user") context.stdout.write(`${prompt}${message.content}\n`);
    else if (message.role === "assistant") context.stdout.write(`${message.content}\n\n`);
  }
}

/** One line at a time from the terminal, with history and editing keys. */
class LineReader {
  readonly #readline;
  #interrupt: (() => void) | undefined;
  #closed = false;

  constructor(context: CliContext, history: History) {
    this.#readline = createInterface({
      input: context.stdin,
      // readline writes through the same stream; the context's type is narrower than the one it wants.
      output: context.stdout as NodeJS.WriteStream,
      history: [...history.lines].reverse(),
      historySize: 100,
      terminal: true,
    });
    this.#readline.on("close", () => {
      this.#closed = true;
    });
    this.#readline.on("SIGINT", () => {
      if (this.#interrupt !== undefined) this.#interrupt();
      else context.stdout.write(`\nUse Ctrl + d or /bye to exit.\n${prompt}`);
    });
  }

  async read(question: string): Promise<string | undefined> {
    if (this.#closed) return undefined;
    return new Promise((resolve) => {
      const ended = () => resolve(undefined);
      this.#readline.once("close", ended);
      this.#readline.question(question, (line) => {
        this.#readline.off("close", ended);
        resolve(line);
      });
    });
  }

  /** While an answer streams, Ctrl-C goes to it. @returns undoes that */
  onInterrupt(interrupt: () => void): () => void {
    this.#interrupt = interrupt;
    return () => {
      this.#interrupt = undefined;
    };
  }

  close(): void {
    this.#readline.close();
  }
}
