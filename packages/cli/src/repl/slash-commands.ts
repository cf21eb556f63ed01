import type { ShowResponse, ThinkValue } from "@puna/protocol";
import type { CliContext } from "../context.ts";
import type { Conversation } from "../run/conversation.ts";
import { printModelCard } from "../ui/model-card.ts";
import { commandsHelp, setHelp, shortcutsHelp, showHelp } from "./help-texts.ts";
import { parseParameter } from "./parse-parameter.ts";

/** What a slash command leaves behind: the next conversation, a text to print, or the end. */
export interface SlashResult {
  readonly conversation?: Conversation;
  readonly print?: string;
  readonly ends?: boolean;
  /** Load this model before the next turn. */
  readonly load?: string;
}

/** `/set`, `/show`, `/load`, `/save`, `/clear`, `/list`, `/?` and `/bye`, typed in the REPL. */
export async function runSlashCommand(
  line: string,
  context: CliContext,
  conversation: Conversation,
): Promise<SlashResult> {
  const [name = "", ...words] = line.trim().split(/\s+/);
  switch (name) {
    case "/bye":
    case "/exit":
      return { ends: true };
    case "/?":
    case "/help":
      return {
        print: { set: setHelp, show: showHelp, shortcuts: shortcutsHelp }[words[0] ?? ""] ?? commandsHelp,
      };
    case "/clear":
      return {
        conversation: {
          ...conversation,
          messages: conversation.messages.filter((message) => message.role === "system"),
        },
        print: "Cleared session context\n",
      };
    case "/list": {
      const { models } = await context.client.list();
      return { print: models.map((model) => `${model.name}\n`).join("") };
    }
    case "/load":
      return words[0] === undefined
        ? { print: "Usage:\n  /load <modelname>\n" }
        : { load: words[0], print: `Loading model '${words[0]}'\n` };
    case "/save":
      return save(words[0], context, conversation);
    case "/set":
      return set(words, line, conversation);
    case "/show":
      return show(words[0], context, conversation);
    default:
      return { print: `Unknown command '${name}'. Type /? for help\n` };
  }
}

async function save(
  name: string | undefined,
  context: CliContext,
  conversation: Conversation,
): Promise<SlashResult> {
  if (name === undefined) return { print: "Usage:\n  /save <modelname>\n" };
  const system = conversation.messages.findLast((message) => message.role === "system")?.content;
  const events = await context.client.create({
    model: name,
    from: conversation.model,
    ...(system === undefined ? {} : { system }),
    parameters: { ...conversation.options },
    messages: conversation.messages.filter((message) => message.role !== "system"),
    stream: true,
  });
  for await (const _event of events) {
    // Nothing to show: a manifest is written within milliseconds.
  }
  return { print: `Created new model '${name}'\n` };
}

function set(words: readonly string[], line: string, conversation: Conversation): SlashResult {
  const [what, ...values] = words;
  const say = (print: string, change: Partial<Conversation>): SlashResult => ({
    conversation: { ...conversation, ...change },
    print: `${print}\n`,
  });
  switch (what) {
    case "parameter": {
      const [name, ...rest] = values;
      if (name === undefined || rest.length === 0)
        return { print: "Usage:\n  /set parameter <name> <value>\n" };
      const parsed = parseParameter(name, rest);
      if ("error" in parsed) return { print: `Couldn't set parameter: ${JSON.stringify(parsed.error)}\n` };
      return say(`Set parameter '${name}' to '${rest.join(", ")}'`, {
        options: { ...conversation.options, [name]: parsed.value },
      });
    }
    case "system": {
      const content = line.trim().replace(/^\/set\s+system\s*/, "");
      if (content === "") return { print: "Usage:\n  /set system <message>\n" };
      const others = conversation.messages.filter((message) => message.role !== "system");
      return say("Set system message.", { messages: [{ role: "system", content }, ...others] });
    }
    case "verbose":
    case "quiet":
      return say(`Set '${what}' mode.`, { verbose: what === "verbose" });
    case "wordwrap":
    case "nowordwrap":
      return say(`Set '${what}' mode.`, { wordWrap: what === "wordwrap" });
    case "think": {
      const level = values[0];
      const think: ThinkValue =
        level === "low" || level === "medium" || level === "high" || level === "max" ? level : true;
      return say(typeof think === "string" ? `Set 'think' mode to '${think}'.` : "Set 'think' mode.", {
        think,
      });
    }
    case "nothink":
      return say("Set 'nothink' mode.", { think: false });
    case "format":
      if (values[0] !== "json")
        return { print: `Invalid or missing format. For 'json' mode use '/set format json'\n` };
      return say("Set format to 'json' mode.", { format: "json" });
    case "noformat": {
      const { format: _format, ...rest } = conversation;
      return { conversation: rest, print: "Disabled format.\n" };
    }
    default:
      return { print: what === undefined ? setHelp : `Unknown command '/set ${what}'. Type /? for help\n` };
  }
}

async function show(
  what: string | undefined,
  context: CliContext,
  conversation: Conversation,
): Promise<SlashResult> {
  if (what === undefined) return { print: showHelp };
  const model: ShowResponse = await context.client.show({ model: conversation.model });
  const orNone = (text: string | undefined, noun: string) =>
    text ? `${text}\n` : `No ${noun} was specified for this model.\n`;
  switch (what) {
    case "info":
      return { print: printModelCard(model, false) };
    case "license":
      return { print: orNone(model.license, "license") };
    case "modelfile":
      return { print: `${model.modelfile ?? ""}\n` };
    case "parameters":
      return { print: printParameters(model, conversation) };
    case "system": {
      const own = conversation.messages.findLast((message) => message.role === "system")?.content;
      return { print: orNone(own ?? model.system, "system message") };
    }
    case "template":
      return { print: orNone(model.template, "prompt template") };
    default:
      return { print: `Unknown command '/show ${what}'. Type /? for help\n` };
  }
}

function printParameters(model: ShowResponse, conversation: Conversation): string {
  const own = Object.entries(conversation.options).map(
    ([name, value]) => `${name.padEnd(30)} ${String(value)}`,
  );
  const parts = [
    model.parameters ? `Model defined parameters:\n  ${model.parameters.split("\n").join("\n  ")}\n` : "",
    own.length > 0 ? `User defined parameters:\n  ${own.join("\n  ")}\n` : "",
  ].filter((part) => part !== "");
  return parts.length > 0
    ? `${parts.join("\n")}\n`
    : "No additional parameters were specified for this model.\n";
}
