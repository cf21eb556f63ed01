import type { Tool } from "@puna/protocol";
import { parseOrderedJson } from "@puna/protocol";
import { asObject, type JsonCall } from "../reading/json-call.ts";
import { jsonFault } from "../reading/json-fault.ts";
import { findTool } from "../reading/request.ts";
import { balancedJsonEnd } from "../reading/top-level.ts";

/** What a text that begins with `{` or `[` is so far. */
export type LooseJson =
  /** More text decides. */
  | { readonly type: "open" }
  /** Certainly no call, whatever follows. */
  | { readonly type: "other" }
  /** It began like a call but is no JSON. */
  | { readonly type: "broken" }
  /** JSON up to `end`, yet no call. */
  | { readonly type: "value"; readonly end: number }
  | { readonly type: "calls"; readonly calls: readonly JsonCall[]; readonly end: number };

/** Keys that calls are written with; another first key means that it is an answer in JSON. */
const nameKeys = ["name", "function", "tool_name", "tool"];
const argumentKeys = ["arguments", "parameters", "args", "input"];
const otherKeys = ["type", "id", "tool_call_id"];
const callKeys = /* @__PURE__ */ nameKeys.concat(argumentKeys, otherKeys);

interface LooseJsonOptions {
  readonly tools: readonly Tool[];
  /** No more text will come. */
  readonly ended: boolean;
  /** Tags around it say that it is a call, so that arguments may be left out. */
  readonly tagged: boolean;
}

/**
 * Looks whether text begins with calls of declared tools, as one JSON object or a list of them.
 * It decides as early as it can, so that answers in JSON are held back no longer than their first key,
 * and by the same tests in the same order however much of the text is there.
 */
export function readLooseJson(text: string, options: LooseJsonOptions): LooseJson {
  const start = startOf(text, options.tools);
  if (start !== "call") return { type: start === "open" && options.ended ? "other" : start };
  const end = balancedJsonEnd(text);
  if (end !== undefined) {
    const value = parseOrNothing(text.slice(0, end));
    if (value === undefined) return { type: "broken" };
    const calls = toCalls(value, options);
    return calls === undefined ? { type: "value", end } : { type: "calls", calls, end };
  }
  if (!options.ended) return { type: jsonFault(text)?.unfinished === true ? "open" : "broken" };
  return closeLooseJson(text, options) ?? { type: "broken" };
}

/**
 * Adds the last bracket of a call, which small models forget. Only the outermost object or list is closed:
 * arguments that break off are not what the model meant to say.
 */
export function closeLooseJson(text: string, options: LooseJsonOptions): LooseJson | undefined {
  for (const closing of text.startsWith("[") ? ["]", "}]"] : ["}"]) {
    const calls = toCalls(parseOrNothing(text + closing), options);
    const closed = text.trimEnd();
    if (calls !== undefined && /[}\]]$/.test(closed)) return { type: "calls", calls, end: text.length };
  }
  return undefined;
}

const firstKey = /^(?:\[\s*)?\{\s*"([^"\\]*)("?)/;
const firstName = /^(?:\[\s*)?\{\s*"name"\s*:\s*"([^"\\]*)("?)/;

/** What the first key, and the first name if it comes first, say. */
function startOf(text: string, tools: readonly Tool[]): "call" | "other" | "open" {
  if (/^(?:\[\s*)?(?:\{\s*)?$/.test(text)) return "open";
  const key = firstKey.exec(text);
  if (key === null) return "other";
  if (!matches(key, callKeys)) return "other";
  const name = firstName.exec(text);
  if (
    name !== null &&
    !matches(
      name,
      tools.map((tool) => tool.function.name),
    )
  )
    return "other";
  return "call";
}

/** Whether a text that may still be growing is one of the words, or may become one. */
function matches([, text = "", closed]: RegExpExecArray, words: readonly string[]): boolean {
  return closed === '"' ? words.includes(text) : words.some((word) => word.startsWith(text));
}

function toCalls(value: unknown, options: LooseJsonOptions): readonly JsonCall[] | undefined {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const calls = items.flatMap((item) => toCall(item, options) ?? []);
  return calls.length > 0 && calls.length === items.length ? calls : undefined;
}

function toCall(value: unknown, options: LooseJsonOptions): JsonCall | undefined {
  const object = asObject(value);
  if (object === undefined) return undefined;
  const inner = asObject(object["function"]);
  if (inner !== undefined) return toCall(inner, options);
  // A schema has the same keys as a call and some more: a model that explains a tool does not call it.
  if (!Object.keys(object).every((key) => callKeys.includes(key))) return undefined;
  const name = nameKeys.map((key) => object[key]).find((candidate) => typeof candidate === "string");
  const key = argumentKeys.find((candidate) => Object.hasOwn(object, candidate));
  if (typeof name !== "string" || findTool(options.tools, name) === undefined) return undefined;
  if (key === undefined) return options.tagged ? { name, arguments: {} } : undefined;
  const written = object[key];
  const values = asObject(typeof written === "string" ? parseOrNothing(written) : (written ?? {}));
  return values === undefined ? undefined : { name, arguments: values };
}

function parseOrNothing(text: string): unknown {
  try {
    return parseOrderedJson(text);
  } catch {
    return undefined;
  }
}
