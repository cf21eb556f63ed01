import { ProtocolError, type ThinkValue } from "@puna/protocol";
import { parseParameterValue } from "@puna/protocol/modelfile";
import type { Conversation } from "../run/conversation.ts";
import { parametersHelp, setHelp } from "./help-texts.ts";
import type { SlashResult } from "./slash-result.ts";

/** `/set …`: the next conversation, and what to say about it. Touches nothing. */
export function runSet(words: readonly string[], conversation: Conversation): SlashResult {
  const [what, ...values] = words;
  const say = (print: string, change: Partial<Conversation>): SlashResult => ({
    conversation: { ...conversation, ...change },
    print: `${print}\n`,
  });
  const warning = conversation.capabilities.includes("thinking")
    ? ""
    : `warning: model ${JSON.stringify(conversation.model)} does not support thinking output\n`;
  switch (what) {
    case "parameter":
      return setParameter(values, conversation);
    case "system":
      return values.length === 0 ? { print: setHelp } : setSystem(values.join(" "), conversation);
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
      return values[0] === undefined
        ? say(`${warning}Set 'think' mode.`, { think: true })
        : // Which levels there are is the model's business, and its server's to say.
          say(`${warning}Set 'think' mode to '${values[0]}'.`, { think: values[0] as ThinkValue });
    case "nothink":
      return say(`${warning}Set 'nothink' mode.`, { think: false });
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

/** Holds from here on: what was said before was said under another system message. */
export function setSystem(content: string, conversation: Conversation): SlashResult {
  const { messages } = conversation;
  const earlier = messages.at(-1)?.role === "system" ? messages.slice(0, -1) : messages;
  return {
    conversation: { ...conversation, system: content, messages: [...earlier, { role: "system", content }] },
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
