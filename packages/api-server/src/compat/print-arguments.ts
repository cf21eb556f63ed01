import { escapeGoJson } from "@puna/protocol";

/** Arguments of a call where the API has them as text, byte for byte as Ollama writes them. */
export function printArguments(args: Readonly<Record<string, unknown>>): string {
  return escapeGoJson(JSON.stringify(args));
}
