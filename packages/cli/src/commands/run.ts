import { Args, Flags } from "@oclif/core";
import { type Message, parseDuration, type ShowResponse } from "@puna/protocol";
import { BaseCommand } from "../base-command.ts";
import { CliError } from "../errors.ts";
import { attachMedia } from "../run/attach-media.ts";
import { toChatRequest } from "../run/chat-request.ts";
import type { Conversation } from "../run/conversation.ts";
import { parseFormatFlag, parseInteger, parseThink } from "../run/parse-run-flags.ts";
import { prepareModel } from "../run/prepare-model.ts";
import { readPipedPrompt } from "../run/read-piped-prompt.ts";
import { restoreOnSignal } from "../ui/restore-on-signal.ts";
import { startSpinner } from "../ui/spinner.ts";

/** Ends colours that a half-written answer may have begun, and its line. */
const endOfStyles = "\u001b[0m\n";

export class Run extends BaseCommand {
  static override description = "Run a model";
  static override strict = false;
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override bareFlags = { think: "true" };
  static override args = {
    model: Args.string({ required: true, description: "name of the model" }),
    prompt: Args.string({ description: "ask this once instead of opening a chat" }),
  };
  static override flags = {
    keepalive: Flags.string({ description: "how long the model stays loaded, such as 5m" }),
    verbose: Flags.boolean({ description: "print timings" }),
    insecure: Flags.boolean({ description: "pull over plain HTTP" }),
    nowordwrap: Flags.boolean({ description: "do not wrap words to the next line" }),
    nomarkdown: Flags.boolean({ description: "show answers as they are" }),
    format: Flags.string({ description: 'response format: "json", a JSON schema, or a file with one' }),
    think: Flags.string({ description: "true, false, low, medium, high or max" }),
    json: Flags.boolean({ description: "print the whole answer as JSON" }),
    hidethinking: Flags.boolean({ description: "do not show thinking" }),
    truncate: Flags.boolean({
      description: "cut inputs of embedding models that are too long",
      allowNo: true,
    }),
    dimensions: Flags.string({ description: "length of embeddings" }),
  };

  async run(): Promise<void> {
    const { args, argv, flags } = await this.parse(Run);
    const { context } = this;
    if (flags.keepalive !== undefined) parseDuration(flags.keepalive);
    const wish = parseThink(flags.think);
    const format = await parseFormatFlag(flags.format ?? "", context.cwd);
    const words = argv.slice(1).filter((word): word is string => typeof word === "string");
    const interactive =
      words.length === 0 && !flags.json && context.stdin.isTTY === true && context.stdout.isTTY === true;
    const prompt = [await readPipedPrompt(context.stdin), ...words].filter((part) => part !== "").join(" ");

    await context.ensureServer();
    const model = await prepareModel(context, { model: args.model, insecure: flags.insecure ?? false });
    if (isEmbeddingOnly(model)) return this.#embed(args.model, prompt, flags);
    const capabilities = model.capabilities ?? [];
    const think = wish ?? (capabilities.includes("thinking") ? true : undefined);
    const conversation: Conversation = {
      model: args.model,
      capabilities,
      messages: [],
      options: {},
      ...(format === undefined ? {} : { format }),
      ...(flags.keepalive === undefined ? {} : { keepAlive: flags.keepalive }),
      ...(think === undefined ? {} : { think }),
      hideThinking: flags.hidethinking ?? false,
      verbose: flags.verbose ?? false,
      wordWrap: !flags.nowordwrap,
      markdown: !flags.nomarkdown,
    };
    await this.#load(conversation);
    if (interactive) {
      const { startRepl } = await import("../repl/start-repl.ts");
      return startRepl(context, conversation, model);
    }
    if (prompt === "") return;
    const asked = { ...conversation, messages: [await this.#question(prompt, conversation)] };
    if (flags.json)
      return this.printJson(await context.client.chat({ ...toChatRequest(asked), stream: false }));
    // Loaded only now: showing Markdown takes a parser that no other command needs.
    const { streamAnswer } = await import("../run/stream-answer.ts");
    using _restoring = context.stdout.isTTY ? restoreOnSignal(context.stdout, endOfStyles) : undefined;
    await streamAnswer(context, asked);
  }

  async #question(prompt: string, conversation: Conversation): Promise<Message> {
    const { text, images, notices } = await attachMedia(prompt, { ...conversation, cwd: this.context.cwd });
    for (const notice of notices) this.context.stderr.write(`${notice}\n`);
    return { role: "user", content: text, ...(images.length > 0 ? { images: [...images] } : {}) };
  }

  async #load({ model, keepAlive }: Conversation): Promise<void> {
    using _spinner = startSpinner(this.context.stderr);
    await this.context.client.load(model, keepAlive);
  }

  async #embed(
    model: string,
    prompt: string,
    flags: {
      readonly truncate?: boolean;
      readonly dimensions?: string | undefined;
      readonly keepalive?: string | undefined;
    },
  ): Promise<void> {
    if (prompt === "") {
      const usage = `${this.context.binName} run ${model} "your text here"`;
      throw new CliError("USAGE", `embedding models require input text. Usage: ${usage}`);
    }
    const { dimensions, keepalive, truncate } = flags;
    const { embeddings } = await this.context.client.embed({
      model,
      input: prompt,
      ...(truncate === undefined ? {} : { truncate }),
      ...(dimensions === undefined ? {} : { dimensions: parseInteger("--dimensions", dimensions) }),
      ...(keepalive === undefined ? {} : { keep_alive: keepalive }),
    });
    this.print(JSON.stringify(embeddings[0] ?? []));
  }
}

function isEmbeddingOnly({ capabilities = [] }: ShowResponse): boolean {
  return capabilities.includes("embedding") && !capabilities.includes("completion");
}
