import { trimSpace } from "../../prompt/renderers/trim-space.ts";
import { readLfm2Arguments } from "./lfm2-arguments.ts";
import { leadingSpaceLength } from "./reading/hold-back.ts";
import type { JsonCall } from "./reading/json-call.ts";
import { closingIndex, pythonQuotes } from "./reading/top-level.ts";

export const lfm2CallsClose = "<|tool_call_end|>";

/** Reads `[f(a='x'), g()]`, brackets optional. Undefined when it is anything else. */
export function readLfm2Calls(text: string): readonly JsonCall[] | undefined {
  const trimmed = trimSpace(text);
  const listed = trimmed.startsWith("[") && trimmed.endsWith("]");
  let rest = trimSpace(listed ? trimmed.slice(1, -1) : trimmed);
  const calls: JsonCall[] = [];
  while (rest !== "") {
    const open = rest.indexOf("(");
    const name = trimSpace(rest.slice(0, Math.max(0, open)));
    const close = open === -1 ? undefined : closingIndex(rest, open, pythonQuotes);
    if (name === "" || close === undefined) return undefined;
    const values = readLfm2Arguments(rest.slice(open + 1, close));
    if (values === undefined) return undefined;
    calls.push({ name, arguments: values });
    rest = trimSpace(trimSpace(rest.slice(close + 1)).replace(/^,/, ""));
  }
  return calls;
}

/** Whether more text may make this a list of calls to the named tools; then it must not be given out yet. */
export function mayBecomeLfm2Calls(text: string, names: readonly string[]): boolean {
  let rest = skipSpace(text).replace(/^\[/, "");
  for (;;) {
    rest = skipSpace(rest);
    const open = rest.indexOf("(");
    const name = trimSpace(open === -1 ? rest : rest.slice(0, open));
    if (open === -1) return names.some((known) => known.startsWith(name));
    if (!names.includes(name)) return false;
    const close = closingIndex(rest, open, pythonQuotes);
    if (close === undefined) return true;
    rest = skipSpace(rest.slice(close + 1));
    if (lfm2CallsClose.startsWith(skipSpace(rest.replace(/^\]/, "")))) return true;
    rest = rest.replace(/^,/, "");
  }
}

function skipSpace(text: string): string {
  return text.slice(leadingSpaceLength(text));
}
