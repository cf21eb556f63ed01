import type { CliContext } from "../context.ts";
import type { Conversation } from "../run/conversation.ts";
import { printModelList } from "../ui/model-list.ts";
import { commandsHelp, setHelp, shortcutsHelp, showHelp } from "./help-texts.ts";
import { runSet } from "./set-command.ts";
import { runShow } from "./show-command.ts";
import type { SlashResult } from "./slash-result.ts";

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
      return { print: helpOn(words[0]) };
    case "/clear":
      return {
        conversation: {
          ...conversation,
          messages: conversation.messages.filter(({ role }) => role === "system"),
        },
        print: "Cleared session context\n",
      };
    case "/list": {
      const { models } = await context.client.list();
      return { print: printModelList(models, new Date()) };
    }
    case "/load":
      return words[0] === undefined
        ? { print: "Usage:\n  /load <modelname>\n" }
        : { load: words[0], print: `Loading model '${words[0]}'\n` };
    case "/save":
      return save(words[0], context, conversation);
    case "/set":
      return runSet(words, line, conversation);
    case "/show":
      return { print: await runShow(words[0], context, conversation) };
    default:
      return { print: `Unknown command '${name}'. Type /? for help\n` };
  }
}

function helpOn(topic: string | undefined): string {
  switch (topic?.replace(/^\//, "")) {
    case "set":
      return setHelp;
    case "show":
      return showHelp;
    case "shortcuts":
    case "shortcut":
      return shortcutsHelp;
    default:
      return commandsHelp;
  }
}

async function save(
  name: string | undefined,
  context: CliContext,
  conversation: Conversation,
): Promise<SlashResult> {
  if (name === undefined) return { print: "Usage:\n  /save <modelname>\n" };
  const system = conversation.messages.find((message) => message.role === "system")?.content;
  await context.client.create({
    model: name,
    from: conversation.model,
    ...(system === undefined ? {} : { system }),
    parameters: { ...conversation.options },
    messages: conversation.messages.filter((message) => message.role !== "system"),
  });
  return { print: `Created new model '${name}'\n` };
}
