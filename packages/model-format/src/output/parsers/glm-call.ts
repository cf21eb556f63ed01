import type { Tool } from "@puna/protocol";
import { trimSpace } from "../../prompt/renderers/trim-space.ts";
import { leadingSpaceLength } from "./reading/hold-back.ts";
import { MarkupError, type MarkupNode, type MarkupRules, parseMarkup } from "./reading/markup.ts";
import { findTool } from "./reading/request.ts";

/** A call as GLM wrote it: arguments are still text, in the order of writing. */
export interface GlmCall {
  readonly name: string;
  readonly entries: readonly (readonly [key: string, value: string])[];
}

const markup: MarkupRules = {
  pattern: /<(\/?)(arg_key|arg_value)>/g,
  toTag: ([, slash, name]) => ({ name: name ?? "", closes: slash === "/" }),
  root: "tool_call",
};

/**
 * Reads a call whose end the model wrote; tags it left out are put back first where that is needed.
 * @throws MarkupError when name or pairs are incomplete
 */
export function readGlmCall(body: string): GlmCall {
  let parts: Parts;
  try {
    parts = partsOf(parseMarkup(body, markup));
  } catch (error) {
    if (!(error instanceof MarkupError)) throw error;
    if (error.message.includes("illegal character"))
      throw new MarkupError(`failed to parse XML: ${error.message}`);
    parts = repair(body);
  }
  return toCall(parts);
}

/**
 * Reads a call that the text broke off in. Nothing is repaired here, and tool and required arguments
 * must be there: half a call could otherwise do something the model never asked for.
 * @throws MarkupError when anything is missing
 */
export function readWholeGlmCall(body: string, tools: readonly Tool[]): GlmCall {
  const call = toCall(partsOf(parseMarkup(body, markup)));
  const tool = findTool(tools, call.name);
  if (tool === undefined) throw new MarkupError(`tool ${JSON.stringify(call.name)} is not declared`);
  const keys = call.entries.map(([key]) => key);
  if (keys.includes("")) throw new MarkupError("empty argument name");
  for (const required of tool.function.parameters.required ?? []) {
    if (keys.includes(required)) continue;
    const [argument, name] = [JSON.stringify(required), JSON.stringify(call.name)];
    throw new MarkupError(`required argument ${argument} is missing for tool ${name}`);
  }
  return call;
}

interface Parts {
  name: string;
  readonly keys: string[];
  readonly values: string[];
}

function partsOf(root: MarkupNode): Parts {
  const texts = (name: string) =>
    root.children.filter((child) => child.name === name).map(({ text }) => text);
  return { name: root.text, keys: texts("arg_key"), values: texts("arg_value") };
}

function toCall({ name: text, keys, values }: Parts): GlmCall {
  const name = trimSpace(text);
  if (name === "") throw new MarkupError("empty function name");
  if (keys.length !== values.length) {
    throw new MarkupError(
      `mismatched arg_key and arg_value counts: ${keys.length} keys, ${values.length} values`,
    );
  }
  return { name, entries: keys.map((key, index) => [trimSpace(key), values[index] ?? ""]) };
}

const anySpace = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** Tags in the order in which they have to come, again and again. */
const cycle = ["<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"];

/**
 * Puts missing tags back: walks the tags that are there and, wherever another one is due, takes that
 * one as written. Text goes to whatever is open then; an opening tag is taken as missing before text,
 * a closing tag after it.
 */
function repair(body: string): Parts {
  const parts: Parts = { name: "", keys: [], values: [] };
  let due = 0;
  const advance = () => {
    due = (due + 1) % cycle.length;
    if (due === 1) parts.keys.push("");
    if (due === 3) parts.values.push("");
  };
  const put = (text: string) => {
    const list = due === 1 ? parts.keys : parts.values;
    if (due % 2 === 0) parts.name += text;
    else list[list.length - 1] += text;
  };

  const pieces = body.replace(/\r\n?/g, "\n").split(/(<\/?arg_(?:key|value)>)/);
  for (let at = 0; at + 1 < pieces.length; at += 2) {
    let text = pieces[at] ?? "";
    const found = cycle.indexOf(pieces[at + 1] ?? "");
    if (at === 0) {
      // A name has no blanks: what follows one is a key whose opening tag is missing.
      const blank = found === 0 ? -1 : text.search(anySpace);
      put(blank === -1 ? text : text.slice(0, blank));
      text = blank === -1 ? "" : text.slice(blank + leadingSpaceLength(text.slice(blank)));
      if (blank !== -1) advance();
    }
    while (due !== found) {
      const opens = due % 2 === 0;
      if (opens && text !== "") {
        advance();
        put(text);
        text = "";
        continue;
      }
      if (!opens && (due + 1) % cycle.length === found) {
        put(text);
        text = "";
      }
      advance();
    }
    put(text);
    advance();
  }
  if (due % 2 === 1) put(pieces.at(-1) ?? "");
  while (due !== 0) advance();
  return parts;
}
