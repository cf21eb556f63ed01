import { ModelName } from "@puna/protocol";
import type { CliContext } from "../context.ts";
import type { Conversation } from "../run/conversation.ts";
import { printModelList } from "../ui/model-list.ts";
import { commandsHelp, moreHelp, setHelp, shortcutsHelp, showHelp } from "./help-texts.ts";
import { runSet } from "./set-command.ts";
import { runShow } from "./show-command.ts";
import type { SlashResult } from "./slash-result.ts";

/** In the order in which they are looked for: a word that begins with one is that command (`/bye!`). */
const commands = [
  "/list",
  "/load",
  "/save",
  "/clear",
  "/set",
  "/show",
  "/help",
  "/?",
  "/exit",
  "/bye",
] as const;

/** `/set`, `/show`, `/load`, `/save`, `/clear`, `/list`, `/?` and `/bye`, typed in the REPL. */
export async function runSlashCommand(
  line: string,
  context: CliContext,
  conversation: Conversation,
): Promise<SlashResult> {
  const [typed = "", ...words] = line.trim().split(/\s+/);
  const command = commands.find((known) => line.startsWith(known));
  switch (command) {
    case "/bye":
    case "/exit":
      return { ends: true };
    case "/?":
    case "/help":
      return { print: helpOn(words[0], conversation) };
    case "/clear":
      return { conversation: clear(conversation), print: "Cleared session context\n" };
    case "/list": {
      const prefix = (words[0] ?? "").toLowerCase();
      const { models } = await context.client.list();
      const shown = (models ?? []).filter(({ name }) => name.toLowerCase().startsWith(prefix));
      return { print: printModelList(shown, new Date()) };
    }
    case "/load":
      return words[0] === undefined || words.length > 1
        ? { print: "Usage:\n  /load <modelname>\n" }
        : { load: words[0], print: `Loading model '${words[0]}'\n` };
    case "/save":
      return words[0] === undefined || words.length > 1
        ? { print: "Usage:\n  /save <modelname>\n" }
        : save(words[0], context, conversation);
    case "/set":
      return runSet(words, conversation);
    case "/show":
      return { print: await runShow(words[0], context, conversation) };
    case undefined:
      return { print: `Unknown command '${typed}'. Type /? for help\n` };
    default:
      return command satisfies never;
  }
}

function helpOn(topic: string | undefined, { capabilities }: Conversation): string {
  switch (topic) {
    case undefined:
      return commandsHelp(capabilities.includes("vision") || capabilities.includes("audio"));
    case "set":
    case "/set":
      return setHelp;
    case "show":
    case "/show":
      return showHelp;
    case "shortcuts":
    case "shortcut":
      return shortcutsHelp;
    case "more":
      return moreHelp;
    default:
      return "";
  }
}

/** Only the system message stays, also where a turn after it has another one. */
function clear(conversation: Conversation): Conversation {
  const { system = "" } = conversation;
  return { ...conversation, messages: system === "" ? [] : [{ role: "system", content: system }] };
}

async function save(name: string, context: CliContext, conversation: Conversation): Promise<SlashResult> {
  const { model, messages, options, parentModel = "", storedMessages = [], system } = conversation;
  const all = [...storedMessages, ...messages];
  try {
    await context.client.create({
      model: name,
      from: ModelName.parse(parentModel).isValid() ? parentModel : model,
      ...(system ? { system } : {}),
      ...(Object.keys(options).length > 0 ? { parameters: { ...options } } : {}),
      ...(all.length > 0 ? { messages: all } : {}),
    });
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes("invalid model name")) throw error;
    return { print: `error: The model name '${name}' is invalid\n` };
  }
  return { print: `Created new model '${name}'\n` };
}
