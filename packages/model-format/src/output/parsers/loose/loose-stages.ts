import type { Tool } from "@puna/protocol";
import { trimSpaceEnd } from "../../../prompt/renderers/trim-space.ts";
import { growthGate } from "../reading/growth-gate.ts";
import { partialTagLength, trailingSpaceLength } from "../reading/hold-back.ts";
import type { Reader, Sink, State } from "../reading/stream-parser.ts";
import { fence, judgeBareJson, judgeFence } from "./judge-json.ts";
import { callTags, judgeTagged } from "./judge-tagged.ts";
import type { LooseContext, Verdict } from "./verdict.ts";

const tokens = /<tool_call>|\[TOOL_CALLS\]|<\|python_tag\|>|<function=|```|[{[]/g;
const callStarts = /* @__PURE__ */ callTags.concat(fence, "{", "[");

interface LooseStages {
  /** Answer in which calls are found however loosely they are written. */
  readonly content: State;
  /** Judges the call tag that other text stopped at: after a call comes the answer, else the other text goes on. */
  readonly callOr: (into: Sink, otherwise: () => State) => State;
}

/** @param tools  the only ones that count */
export function looseStages(tools: readonly Tool[]): LooseStages {
  const start: State = (reader) => scan(reader, true);
  const within: State = (reader) => scan(reader, false);

  /**
   * Releases text up to what may be a call, which it leaves together with the blanks before it.
   * @param fresh  nothing but blanks came before, so that a line begins here
   */
  const scan = (reader: Reader, fresh: boolean): State | undefined => {
    const found = reader.text.matchAll(tokens).find(({ 0: token, index }) => {
      return callTags.includes(token) || beginsLine(reader.text, index, fresh);
    });
    if (found !== undefined) {
      reader.emit("text", reader.take(trimSpaceEnd(reader.text.slice(0, found.index)).length));
      return candidate([], "text", () => within);
    }
    if (reader.ended) {
      reader.emit("text", reader.takeAll());
      return undefined;
    }
    const certain = reader.text.length - partialTagLength(reader.text, [...callTags, fence]);
    const kept = certain - trailingSpaceLength(reader.text, certain);
    reader.emit("text", reader.take(kept));
    return kept > 0 && fresh ? within : undefined;
  };

  const candidate = (closes: readonly string[], into: Sink, otherwise: () => State): State => {
    const grown = growthGate(/[}\]>]/);
    return (reader) => {
      if (!grown(reader)) return undefined;
      const lead = separatorLength(reader.text);
      const verdict = judge(reader.text.slice(lead), { tools, ended: reader.ended });
      switch (verdict.type) {
        case "open":
          return undefined;
        case "text":
          reader.emit(into, reader.take(lead + verdict.length));
          return otherwise();
        case "code":
          reader.emit(into, reader.take(lead + verdict.length));
          return code;
        case "calls":
          reader.take(lead + verdict.length);
          for (const call of verdict.calls) reader.call(call.name, call.arguments);
          return afterCall([...verdict.closes, ...closes]);
        default:
          return verdict satisfies never;
      }
    };
  };

  /** Drops blanks and closing tags, and looks for the next call, which a comma may part from the last. */
  const afterCall = (closes: readonly string[]): State => {
    return (reader) => {
      const blanks = reader.leadingBlanks;
      const rest = reader.text.slice(blanks);
      const close = closes.find((tag) => rest.startsWith(tag));
      if (close !== undefined) {
        reader.take(blanks + close.length);
        return afterCall(closes.filter((tag) => tag !== close));
      }
      const next = rest.slice(separatorLength(rest));
      if (callStarts.some((tag) => next.startsWith(tag))) return candidate(closes, "text", () => within);
      const mayGrow = [...closes, ...callStarts].some((tag) => tag.startsWith(rest) || tag.startsWith(next));
      if (mayGrow && !reader.ended) return undefined;
      reader.take(blanks);
      return reader.text === "" ? undefined : start;
    };
  };

  /** Code that is shown passes as it is, up to the end of its fence. */
  const code: State = (reader) => {
    const end = reader.text.indexOf(fence);
    if (end !== -1) {
      reader.emit("text", reader.take(end + fence.length));
      return within;
    }
    const half = reader.ended ? 0 : partialTagLength(reader.text, [fence]);
    reader.emit("text", reader.take(reader.text.length - half));
    return undefined;
  };

  return { content: start, callOr: (into, otherwise) => candidate([], into, otherwise) };
}

function judge(text: string, context: LooseContext): Verdict {
  if (text.startsWith(fence)) return judgeFence(text, context);
  if (callTags.some((tag) => text.startsWith(tag))) return judgeTagged(text, context);
  return judgeBareJson(text, context);
}

function beginsLine(text: string, index: number, fresh: boolean): boolean {
  let at = index - 1;
  while (at >= 0 && " \t\r".includes(text.charAt(at))) at -= 1;
  return at < 0 ? fresh : text.charAt(at) === "\n";
}

function separatorLength(text: string): number {
  return /^[\s,;]*/.exec(text)?.[0].length ?? 0;
}
