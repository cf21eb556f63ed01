import type { Tool } from "@puna/protocol";
import { orderedRecord } from "@puna/protocol";
import { trimSpace } from "../../prompt/renderers/trim-space.ts";
import { coerceArgument, parameterSchema } from "../coerce-arguments.ts";
import { MarkupError } from "./reading/markup.ts";
import type { CallArguments } from "./reading/stream-parser.ts";

export const atemOpen = "<atem:function_calls>";
export const atemClose = "</atem:function_calls>";
const invokeOpen = '<atem:invoke name="';
const invokeClose = "</atem:invoke>";
const parameterOpen = '<atem:parameter name="';
const parameterClose = "</atem:parameter>";
const nameEnd = '">';
const message = "<|message|>";

/** Declared tools, found also as `ns.name` with the namespace that the template makes of a tool's name. */
export class GlimmerTools {
  readonly #byName: ReadonlyMap<string, Tool>;

  constructor(tools: readonly Tool[]) {
    const named = tools.map((tool): [string, Tool] => [trimSpace(tool.function.name), tool]);
    this.#byName = new Map(named.filter(([name]) => name !== ""));
  }

  get size(): number {
    return this.#byName.size;
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  get(name: string): Tool | undefined {
    return this.#byName.get(name);
  }

  /** The declared name that `written` stands for. */
  resolve(written: string): string | undefined {
    if (this.#byName.has(written)) return written;
    const dot = written.indexOf(".");
    if (dot === -1) return undefined;
    const name = written.slice(dot + 1);
    const namespace = name.split(".", 1)[0];
    return this.#byName.has(name) && written.slice(0, dot) === namespace ? name : undefined;
  }
}

/** The name in the markup's one invocation, or undefined where there is no such markup. */
export function invokedName(body: string): string | undefined {
  const inner = unwrap(trimSpace(body), atemOpen, atemClose);
  if (inner === undefined || !trimSpace(inner).startsWith(invokeOpen)) return undefined;
  return cutName(trimSpace(inner).slice(invokeOpen.length))?.name;
}

/**
 * Reads the markup of one call.
 * @throws MarkupError when any part of it is missing
 */
export function readAtem(
  body: string,
  tool: Tool | undefined,
): { readonly name: string; readonly values: CallArguments } {
  const inner = unwrap(trimSpace(body), atemOpen, atemClose);
  if (inner === undefined) throw new MarkupError("missing ATEM function_calls wrapper");
  const invoke = trimSpace(inner);
  if (!invoke.startsWith(invokeOpen) || !invoke.endsWith(invokeClose)) {
    throw new MarkupError("missing ATEM invoke wrapper");
  }
  const head = cutName(invoke.slice(invokeOpen.length));
  if (head === undefined || head.rest.length < invokeClose.length) {
    throw new MarkupError("malformed ATEM invoke name");
  }
  const parameters = head.rest.slice(0, -invokeClose.length).replace(/^\n/, "").replace(/\n$/, "");
  return { name: head.name, values: orderedRecord(readParameters(parameters, tool)) };
}

function readParameters(source: string, tool: Tool | undefined): readonly (readonly [string, unknown])[] {
  const entries: [string, unknown][] = [];
  let rest = source;
  while (rest !== "") {
    if (!rest.startsWith(parameterOpen)) throw new MarkupError("malformed ATEM parameter");
    rest = rest.slice(parameterOpen.length);
    const end = rest.indexOf(nameEnd);
    if (end === -1) throw new MarkupError("malformed ATEM parameter name");
    const name = rest.slice(0, end);
    rest = rest.slice(end + nameEnd.length);
    const close = rest.indexOf(parameterClose);
    if (close === -1) throw new MarkupError(`unterminated ATEM parameter ${JSON.stringify(name)}`);
    entries.push([name, coerceArgument(rest.slice(0, close), parameterSchema(tool, name))]);
    rest = rest.slice(close + parameterClose.length).replace(/^\n/, "");
  }
  return entries;
}

function unwrap(text: string, open: string, close: string): string | undefined {
  if (!text.startsWith(open) || !text.endsWith(close) || text.length < open.length + close.length)
    return undefined;
  return text.slice(open.length, -close.length);
}

/**
 * Cuts the name off what follows `name="`. Models echo the header's `<|message|>` there, inside the name
 * or in place of its end; no name has one, so it is dropped.
 */
function cutName(text: string): { readonly name: string; readonly rest: string } | undefined {
  let name = "";
  let rest = text;
  for (;;) {
    const end = rest.indexOf(nameEnd);
    const stray = rest.indexOf(message);
    if (stray === -1 || (end !== -1 && end < stray)) {
      if (end === -1) return undefined;
      return { name: name + rest.slice(0, end), rest: rest.slice(end + nameEnd.length) };
    }
    name += rest.slice(0, stray);
    rest = rest.slice(stray + message.length);
    if (rest.startsWith(parameterOpen)) return { name, rest };
  }
}
