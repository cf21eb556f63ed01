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
  const model: ShowResponse = await context.client.show({
    model: conversation.model,
    ...(conversation.system === undefined ? {} : { system: conversation.system }),
    options: conversation.options,
  });
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
      const system = conversation.system || model.system;
      return system ? `${system}\n\n` : orNone("", "system message");
    }
    case "template":
      return orNone(model.template, "prompt template");
    default:
      return `Unknown command '/show ${what}'. Type /? for help\n`;
  }
}

function printParameters(model: ShowResponse, { options }: Conversation): string {
  const none = "No additional parameters were specified for this model.";
  const own = Object.entries(options).map(([name, value]) => `${name.padEnd(30)} ${printValue(value)}`);
  const section = (title: string, lines: readonly string[]) =>
    `${title}:\n${lines.map((line) => `  ${line}\n`).join("")}\n`;
  const stored = section("Model defined parameters", (model.parameters || none).split("\n"));
  return own.length > 0 ? stored + section("User defined parameters", own) : stored;
}

function printValue(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(" ")}]` : String(value);
}
