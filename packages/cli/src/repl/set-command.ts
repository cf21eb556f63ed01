import { ProtocolError, type ThinkValue } from "@puna/protocol";
import { parseParameterValue } from "@puna/protocol/modelfile";
import type { Conversation } from "../run/conversation.ts";
import { parametersHelp, setHelp } from "./help-texts.ts";
import type { SlashResult } from "./slash-result.ts";

const levels = ["low", "medium", "high", "max"] as const;

/** `/set …`: the next conversation, and what to say about it. Touches nothing. */
export function runSet(words: readonly string[], line: string, conversation: Conversation): SlashResult {
  const [what, ...values] = words;
  const say = (print: string, change: Partial<Conversation>): SlashResult => ({
    conversation: { ...conversation, ...change },
    print: `${print}\n`,
  });
  switch (what) {
    case "parameter":
      return setParameter(values, conversation);
    case "system": {
      const content = line.trim().replace(/^\/set\s+system\s*/, "");
      return content === "" ? { print: setHelp } : setSystem(content, conversation);
    }
    case "history":
    case "nohistory":
      return { history: what === "history", print: "" };
    case "verbose":
    case "quiet":
      return say(`Set '${what}' mode.`, { verbose: what === "verbose" });
    case "wordwrap":
    case "nowordwrap":
      return say(`Set '${what}' mode.`, { wordWrap: what === "wordwrap" });
    case "markdown":
    case "nomarkdown":
      return say(`Set '${what}' mode.`, { markdown: what === "markdown" });
    case "think":
      return setThink(values[0], say);
    case "nothink":
      return say("Set 'nothink' mode.", { think: false });
    case "format":
      if (values[0] !== "json")
        return { print: "Invalid or missing format. For 'json' mode use '/set format json'\n" };
      return say("Set format to 'json' mode.", { format: "json" });
    case "noformat": {
      const { format: _format, ...rest } = conversation;
      return { conversation: rest, print: "Disabled format.\n" };
    }
    default:
      return { print: what === undefined ? setHelp : `Unknown command '/set ${what}'. Type /? for help\n` };
  }
}

/** Replaces the system message, which is always the first one. */
export function setSystem(content: string, conversation: Conversation): SlashResult {
  const others = conversation.messages.filter((message) => message.role !== "system");
  return {
    conversation: { ...conversation, messages: [{ role: "system", content }, ...others] },
    print: "Set system message.\n",
  };
}

function setParameter([name, ...values]: readonly string[], conversation: Conversation): SlashResult {
  if (name === undefined || values.length === 0) return { print: parametersHelp };
  try {
    const value = parseParameterValue(name, values[0] ?? "");
    // Options that may be repeated take all the words, others the first.
    const options = { ...conversation.options, [name]: Array.isArray(value) ? values : value };
    return {
      conversation: { ...conversation, options },
      print: `Set parameter '${name}' to '${values.join(", ")}'\n`,
    };
  } catch (error) {
    if (!ProtocolError.is(error)) throw error;
    return { print: `Couldn't set parameter: ${JSON.stringify(error.message)}\n` };
  }
}

function setThink(
  level: string | undefined,
  say: (print: string, change: Partial<Conversation>) => SlashResult,
): SlashResult {
  if (level === undefined) return say("Set 'think' mode.", { think: true });
  const think: ThinkValue | undefined = levels.find((known) => known === level);
  if (think === undefined)
    return { print: `Invalid think level '${level}': use ${levels.join(", ")} or none\n` };
  return say(`Set 'think' mode to '${think}'.`, { think });
}
