/** A text that began with `"""` and goes on until the next. */
export interface OpenText {
  readonly purpose: "message" | "system";
  readonly text: string;
}

/** What a typed line asks for. */
export type Turn =
  | { readonly type: "message"; readonly text: string }
  | { readonly type: "system"; readonly text: string }
  | { readonly type: "command"; readonly line: string }
  | { readonly type: "open"; readonly open: OpenText }
  | { readonly type: "nothing" };

const fence = '"""';

/**
 * Makes a turn of one typed line, or opens, continues or closes a text of several.
 * @param open  the text begun earlier, if any
 */
export function takeLine(open: OpenText | undefined, line: string): Turn {
  if (open !== undefined) return closeOrGoOn({ ...open, text: `${open.text}\n${line}` });
  if (line.startsWith(fence)) return closeOrGoOn({ purpose: "message", text: line.slice(fence.length) });
  const [, system] = /^\s*\/set\s+system\s+"""([\s\S]*)$/.exec(line) ?? [];
  if (system !== undefined) return closeOrGoOn({ purpose: "system", text: system });
  if (line.trim() === "") return { type: "nothing" };
  return line.trimStart().startsWith("/")
    ? { type: "command", line: line.trim() }
    : { type: "message", text: line };
}

function closeOrGoOn(open: OpenText): Turn {
  const { purpose, text } = open;
  if (!text.endsWith(fence)) return { type: "open", open };
  // The line break behind the opening quotes is not part of the text.
  const whole = text.slice(0, -fence.length).replace(/^\n/, "");
  return whole === "" ? { type: "nothing" } : { type: purpose, text: whole };
}
