import type { ShowResponse } from "@puna/protocol";
import type { CliContext } from "../context.ts";
import type { Conversation } from "../run/conversation.ts";
import { printModelCard } from "../ui/model-card.ts";
import { showHelp } from "./help-texts.ts";

/** `/show …`: what the model of this conversation is, with what the conversation changes about it. */
export async function runShow(
  what: string | undefined,
  context: CliContext,
  conversation: Conversation,
): Promise<string> {
  if (what === undefined) return showHelp;
  const model: ShowResponse = await context.client.show({ model: conversation.model });
  const orNone = (text: string | undefined, noun: string) =>
    text ? `${text}\n` : `No ${noun} was specified for this model.\n`;
  switch (what) {
    case "info":
      return printModelCard(model, { styled: context.colors });
    case "license":
      return orNone(model.license, "license");
    case "modelfile":
      return `${model.modelfile ?? ""}\n`;
    case "parameters":
      return printParameters(model, conversation);
    case "system": {
      const own = conversation.messages.find((message) => message.role === "system")?.content;
      return orNone(own ?? model.system, "system message");
    }
    case "template":
      return orNone(model.template, "prompt template");
    default:
      return `Unknown command '/show ${what}'. Type /? for help\n`;
  }
}

function printParameters(model: ShowResponse, conversation: Conversation): string {
  const own = Object.entries(conversation.options).map(
    ([name, value]) => `${name.padEnd(30)} ${String(value)}`,
  );
  const section = (title: string, lines: readonly string[]) =>
    `${title}:\n${lines.map((line) => `  ${line}\n`).join("")}`;
  const parts = [
    ...(model.parameters ? [section("Model defined parameters", model.parameters.split("\n"))] : []),
    ...(own.length > 0 ? [section("User defined parameters", own)] : []),
  ];
  return parts.length > 0
    ? `${parts.join("\n")}\n`
    : "No additional parameters were specified for this model.\n";
}
