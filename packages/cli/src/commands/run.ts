import { Args, Flags } from "@oclif/core";
import { type Message, parseDuration, type ShowResponse } from "@puna/protocol";
import { BaseCommand } from "../base-command.ts";
import { CliError } from "../errors.ts";
import { attachMedia } from "../run/attach-media.ts";
import { toChatRequest } from "../run/chat-request.ts";
import type { Conversation } from "../run/conversation.ts";
import { parseFormatFlag, parseThink } from "../run/parse-run-flags.ts";
import { prepareModel, refuseImageModel } from "../run/prepare-model.ts";
import { readPipedPrompt } from "../run/read-piped-prompt.ts";
import { withStatusPrefix } from "../server/status-prefix.ts";
import { restoreOnSignal } from "../ui/restore-on-signal.ts";
import { startSpinner } from "../ui/spinner.ts";

/** Ends colours that a half-written answer may have begun, and its line. */
const endOfStyles = "\u001b[0m\n";

export class Run extends BaseCommand {
  static override description = "Run a model";
  static override strict = false;
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override environment = ["OLLAMA_EDITOR", "OLLAMA_HOST", "OLLAMA_NOHISTORY"] as const;
  static override bareFlags = { think: "true" };
  static override args = {
    model: Args.string({ required: true, description: "name of the model" }),
    prompt: Args.string({ description: "ask this once instead of opening a chat" }),
  };
  static override flags = {
    keepalive: Flags.string({ description: "Duration to keep a model loaded (e.g. 5m)" }),
    verbose: Flags.boolean({ description: "Show timings for response" }),
    insecure: Flags.boolean({ description: "Use an insecure registry" }),
    nowordwrap: Flags.boolean({ description: "Don't wrap words to the next line automatically" }),
    nomarkdown: Flags.boolean({ description: "Show Markdown as it is written" }),
    format: Flags.string({
      description: "Response format (e.g. json): json, a JSON schema, or a file with one",
    }),
    think: Flags.string({
      description: "Enable thinking mode: true/false or high/medium/low for supported models",
    }),
    json: Flags.boolean({ description: "Print the whole answer as JSON" }),
    hidethinking: Flags.boolean({ description: "Hide thinking output (if provided)" }),
    truncate: Flags.boolean({
      description:
        "For embedding models: truncate inputs exceeding context length (default: true). Set --truncate=false to error instead",
      allowNo: true,
    }),
    dimensions: Flags.string({
      helpValue: "int",
      description: "Truncate output embeddings to specified dimension (embedding models only)",
    }),
  };

  async run(): Promise<void> {
    const { args, argv, flags } = await this.parse(Run);
    const { context } = this;
    const wish = parseThink(flags.think);
    if (flags.keepalive) parseDuration(flags.keepalive);
    const words = argv.slice(1).filter((word): word is string => typeof word === "string");
    const interactive =
      words.length === 0 && !flags.json && context.stdin.isTTY === true && context.stdout.isTTY === true;
    const piped = await readPipedPrompt(context.stdin);
    const prompt = [...(piped === "" ? [] : [piped]), ...words].join(" ");

    await context.ensureServer();
    const { name, model } = await prepareModel(context, {
      model: args.model,
      insecure: flags.insecure ?? false,
    });
    if (isEmbeddingOnly(model)) return this.#embed(name, prompt, flags);
    refuseImageModel(model);
    const format = await parseFormatFlag(flags.format ?? "", context.cwd);
    const capabilities = model.capabilities ?? [];
    const think = wish ?? (capabilities.includes("thinking") ? true : undefined);
    const conversation: Conversation = {
      model: name,
      capabilities,
      messages: [],
      options: {},
      ...(format === undefined ? {} : { format }),
      ...(flags.keepalive ? { keepAlive: flags.keepalive } : {}),
      ...(think === undefined ? {} : { think }),
      hideThinking: flags.hidethinking ?? false,
      verbose: flags.verbose ?? false,
      wordWrap: !flags.nowordwrap,
      markdown: !flags.nomarkdown,
    };
    if (model.remote_host === undefined) await this.#load(conversation);
    else if (interactive) context.stderr.write(describeRemote(name, model));
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
    await withStatusPrefix(this.context.client.load(model, keepAlive));
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
    const { dimensions = "0", keepalive, truncate } = flags;
    const { embeddings } = await this.context.client.embed({
      model,
      input: prompt,
      ...(truncate === undefined ? {} : { truncate }),
      ...(Number(dimensions) > 0 ? { dimensions: Number(dimensions) } : {}),
      ...(keepalive ? { keep_alive: keepalive } : {}),
    });
    const [first] = embeddings ?? [];
    if (first === undefined) throw new CliError("SERVER", "no embeddings returned");
    this.print(JSON.stringify(first));
  }
}

/** A model of another server needs no loading; a person should know whom they talk to. */
function describeRemote(name: string, { remote_host = "", remote_model = name }: ShowResponse): string {
  const isCloud = remote_host.startsWith("https://ollama.com");
  return `Connecting to '${remote_model}' on '${isCloud ? "ollama.com' ⚡" : `${remote_host}'`}\n`;
}

function isEmbeddingOnly({ capabilities = [] }: ShowResponse): boolean {
  return capabilities.includes("embedding") && !capabilities.includes("completion");
}
