import type { Tool } from "@puna/protocol";
import { trimSpace, trimSpaceEnd } from "../../prompt/renderers/trim-space.ts";
import { gemmaStringMark, repairedGemmaArguments } from "./gemma4-repair.ts";
import { type JsonCall, JsonCallError, readArguments } from "./reading/json-call.ts";
import type { CallArguments } from "./reading/stream-parser.ts";
import { quoteFinder } from "./reading/top-level.ts";

/**
 * Reads `call:N{k:<|"|>text<|"|>,n:1}`. Undefined when it is no call even after repair.
 * @param tools  their schemas decide which bare text may be repaired to a string
 */
export function readGemmaCall(body: string, tools: readonly Tool[]): JsonCall | undefined {
  const brace = body.indexOf("{");
  if (!body.startsWith("call:") || brace === -1) return undefined;
  const name = trimSpace(body.slice("call:".length, brace));
  const written = body.slice(brace);
  const values =
    readOrNothing(written) ??
    repairedGemmaArguments(written, name, tools)
      .map(readOrNothing)
      .find((candidate) => candidate !== undefined);
  return values === undefined ? undefined : { name, arguments: values };
}

function readOrNothing(text: string): CallArguments | undefined {
  try {
    return readArguments(toJson(text));
  } catch (error) {
    if (error instanceof JsonCallError) return undefined;
    throw error;
  }
}

const bareKey = /[{,]\s*([\p{L}\p{Nd}_]+):/uy;

/** Writes marked strings as JSON strings and puts quotes around bare keys. */
function toJson(text: string): string {
  let json = "";
  const quotedEnd = quoteFinder(text);
  for (let at = 0; at < text.length; ) {
    const mark = text.startsWith(gemmaStringMark, at) ? gemmaStringMark : undefined;
    const quote = mark ?? (text.charAt(at) === '"' ? '"' : undefined);
    const end = quote === undefined ? undefined : quotedEnd(at, quote);
    if (end !== undefined) {
      const inner = text.slice(at + gemmaStringMark.length, end - gemmaStringMark.length);
      json += mark === undefined ? text.slice(at, end) : JSON.stringify(inner);
      at = end;
      continue;
    }
    bareKey.lastIndex = at;
    const key = bareKey.exec(text);
    if (key === null) {
      json += text.charAt(at);
      at += 1;
      continue;
    }
    const name = key[1] ?? "";
    json += `${trimSpaceEnd(key[0].slice(0, -name.length - 1))}"${name}":`;
    at += key[0].length;
  }
  return json;
}
