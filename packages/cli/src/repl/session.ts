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
  if (open !== undefined) return closeOrGoOn({ ...open, text: `${open.text}${line}` });
  if (line.startsWith(fence)) return closeOrGoOn({ purpose: "message", text: line.slice(fence.length) });
  const [, system] = /^\/set\s+system\s+"""([\s\S]*)$/.exec(line) ?? [];
  // As Ollama has it: the first line of a system message has no line break behind it.
  if (system !== undefined) return closeOrGoOn({ purpose: "system", text: joinWords(system) }, "");
  if (line === "") return { type: "nothing" };
  return line.startsWith("/") ? { type: "command", line: line.trimEnd() } : { type: "message", text: line };
}

function joinWords(text: string): string {
  return text.trim().split(/\s+/).join(" ");
}

function closeOrGoOn({ purpose, text }: OpenText, lineBreak = "\n"): Turn {
  if (!text.endsWith(fence)) return { type: "open", open: { purpose, text: `${text}${lineBreak}` } };
  const whole = text.slice(0, -fence.length);
  return whole === "" ? { type: "nothing" } : { type: purpose, text: whole };
}
