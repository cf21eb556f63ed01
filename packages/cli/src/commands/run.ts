import { Args, Flags } from "@oclif/core";
import type { ShowResponse, ThinkValue } from "@puna/protocol";
import { parseDuration } from "@puna/protocol";
import { BaseCommand } from "../base-command.ts";
import { CliError } from "../errors.ts";
import type { Conversation } from "../run/conversation.ts";
import { prepareModel } from "../run/prepare-model.ts";
import { readPipedPrompt } from "../run/read-piped-prompt.ts";
import { streamAnswer } from "../run/stream-answer.ts";
import { startSpinner } from "../ui/spinner.ts";

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
    format: Flags.string({ description: 'response format: "json" or a JSON schema' }),
    think: Flags.string({ description: "true, false, low, medium, high or max" }),
    hidethinking: Flags.boolean({ description: "do not show thinking" }),
    truncate: Flags.boolean({
      description: "cut inputs of embedding models that are too long",
      allowNo: true,
    }),
    dimensions: Flags.string({ description: "length of embeddings" }),
  };

  async run(): Promise<void> {
    const { args, argv, flags } = await this.parse(Run);
    if (flags.keepalive !== undefined) parseDuration(flags.keepalive);
    const { context } = this;
    const words = argv.slice(1).filter((word): word is string => typeof word === "string");
    const interactive = words.length === 0 && context.stdin.isTTY === true && context.stdout.isTTY === true;
    const prompt = [await readPipedPrompt(context.stdin), ...words].filter((part) => part !== "").join(" ");

    await context.ensureServer();
    const model = await prepareModel(context, { model: args.model, insecure: flags.insecure ?? false });
    if (isEmbeddingOnly(model)) {
      return this.#embed(args.model, prompt, flags);
    }
    const think = parseThink(flags.think) ?? (model.capabilities?.includes("thinking") ? true : undefined);
    const conversation: Conversation = {
      model: args.model,
      messages: [],
      options: {},
      ...(flags.format === undefined ? {} : { format: parseFormat(flags.format) }),
      ...(flags.keepalive === undefined ? {} : { keepAlive: flags.keepalive }),
      ...(think === undefined ? {} : { think }),
      hideThinking: flags.hidethinking ?? false,
      verbose: flags.verbose ?? false,
      wordWrap: !flags.nowordwrap,
    };
    await this.#load(conversation);
    if (interactive) {
      const { startRepl } = await import("../repl/start-repl.ts");
      return startRepl(context, conversation, model);
    }
    if (prompt === "") return;
    await streamAnswer(context, { ...conversation, messages: [{ role: "user", content: prompt }] });
  }

  async #load(conversation: Conversation): Promise<void> {
    using _spinner = startSpinner(this.context.stderr);
    await this.context.client.generate({
      model: conversation.model,
      prompt: "",
      stream: false,
      ...(conversation.keepAlive === undefined ? {} : { keep_alive: conversation.keepAlive }),
    });
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
    const { embeddings } = await this.context.client.embed({
      model,
      input: prompt,
      ...(flags.truncate === undefined ? {} : { truncate: flags.truncate }),
      ...(flags.dimensions === undefined
        ? {}
        : { dimensions: parseInteger("--dimensions", flags.dimensions) }),
      ...(flags.keepalive === undefined ? {} : { keep_alive: flags.keepalive }),
    });
    this.print(JSON.stringify(embeddings[0] ?? []));
  }
}

function isEmbeddingOnly({ capabilities = [] }: ShowResponse): boolean {
  return capabilities.includes("embedding") && !capabilities.includes("completion");
}

function parseThink(text: string | undefined): ThinkValue | undefined {
  switch (text) {
    case undefined:
      return undefined;
    case "":
    case "true":
      return true;
    case "false":
      return false;
    case "low":
    case "medium":
    case "high":
    case "max":
      return text;
    default:
      throw new CliError(
        "USAGE",
        `invalid value for --think: "${text}" (must be true, false, high, medium, low, or max)`,
      );
  }
}

function parseFormat(text: string): "json" | Record<string, unknown> {
  if (text === "json") return "json";
  try {
    const schema: unknown = JSON.parse(text);
    if (typeof schema === "object" && schema !== null && !Array.isArray(schema)) return { ...schema };
  } catch {
    // Told below in one sentence, whatever is wrong with it.
  }
  throw new CliError("USAGE", `invalid --format: expected "json" or a JSON schema object`);
}

function parseInteger(flag: string, text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new CliError("USAGE", `invalid argument "${text}" for "${flag}" flag: expected a whole number`);
}
