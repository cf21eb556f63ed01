import type { OutputEvent, OutputParser } from "@puna/model-format";
import { parseOrderedJson } from "@puna/protocol";
import { isRecord } from "../models/stored-model.ts";

/** Reads the answer to a request that demanded a call: a grammar made it one JSON object with a name and arguments. */
export class ForcedCallParser implements OutputParser {
  #text = "";

  push(text: string): readonly OutputEvent[] {
    this.#text += text;
    return [];
  }

  end(): readonly OutputEvent[] {
    const value = parse(this.#text);
    const { name, arguments: args } = isRecord(value) ? value : {};
    // Cut off by the token limit: what there is, is shown as text.
    if (typeof name !== "string" || !isRecord(args)) {
      return this.#text === "" ? [] : [{ type: "text-delta", text: this.#text }];
    }
    return [{ type: "tool-call", call: { function: { name, arguments: args } } }];
  }
}

function parse(text: string): unknown {
  try {
    return parseOrderedJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
