import type { Tool } from "@puna/protocol";
import { readDeclaredLagunaCall } from "./laguna-call.ts";
import type { Next, TagRule } from "./reading/collect.ts";
import { growthGate } from "./reading/growth-gate.ts";
import { jsonFault } from "./reading/json-fault.ts";
import type { Reader, State } from "./reading/stream-parser.ts";
import { balancedJsonEnd, jsonEndFinder } from "./reading/top-level.ts";

interface LooseLagunaOptions {
  readonly tools: readonly Tool[];
  /** Where to go on when it was text after all. */
  readonly content: Next;
  /** Where to go on after a call. */
  readonly called: Next;
  /** Tags that make an open `<user>` before them text. */
  readonly stops: readonly string[];
}

/**
 * Calls without their own tags: bare JSON, and the inside of `<user>`. Only with tools offered, and only
 * when they name one of them, because both are common in answers that are just text.
 */
export function looseLagunaCalls(options: LooseLagunaOptions): Readonly<Record<string, TagRule>> {
  if (options.tools.length === 0) return {};
  const seen: Seen = { endOf: restEnds(), broken: new Set() };
  return {
    "{": { to: () => bareJson(options, seen), leave: true },
    "<user>": { to: () => userTag(options), leave: true },
  };
}

/** What is known of brackets further on, so that nested ones are not read again for each level. */
interface Seen {
  readonly endOf: (rest: string) => number | undefined;
  /** Places in the whole answer where an object begins that is no JSON. */
  readonly broken: Set<number>;
}

/** Where JSON ends that begins at a place of the last text there is, which is looked at bracket by bracket. */
function restEnds(): (rest: string) => number | undefined {
  let find: ((at: number) => number | undefined) | undefined;
  let length = 0;
  return (rest) => {
    if (find === undefined) {
      find = jsonEndFinder(rest);
      length = rest.length;
    }
    const at = length - rest.length;
    const end = find(at);
    return end === undefined ? undefined : end - at;
  };
}

function bareJson(options: LooseLagunaOptions, { endOf, broken }: Seen): State {
  const grown = growthGate(/[}\]]/);
  return (reader) => {
    const start = reader.leadingBlanks;
    if (broken.delete(reader.taken + start)) return text(reader, options, start, "{");
    if (!grown(reader)) return undefined;
    const json = reader.text.slice(start);
    const end = reader.ended ? endOf(json) : balancedJsonEnd(json);
    if (end !== undefined) return callOrText(reader, options, { start, bodyEnd: start + end, open: "{" });
    if (reader.ended) return text(reader, options, start, "{");
    const fault = jsonFault(json);
    if (fault?.unfinished === true) return undefined;
    for (const at of fault?.open ?? []) broken.add(reader.taken + start + at);
    return text(reader, options, start, "{");
  };
}

function userTag(options: LooseLagunaOptions): State {
  const [open, close] = ["<user>", "</user>"];
  return (reader) => {
    const start = reader.leadingBlanks;
    const end = reader.text.indexOf(close);
    const stop = Math.min(...options.stops.map((tag) => indexOrEnd(reader.text, tag)));
    if (end !== -1 && end < stop) return callOrText(reader, options, { start, bodyEnd: end, open, close });
    if (stop < reader.text.length || reader.ended) return text(reader, options, start, open);
    return undefined;
  };
}

interface Written {
  readonly start: number;
  readonly bodyEnd: number;
  readonly open: string;
  readonly close?: string;
}

function callOrText(reader: Reader, options: LooseLagunaOptions, written: Written): State {
  const { start, bodyEnd, open, close } = written;
  const bodyStart = close === undefined ? start : start + open.length;
  const call = readDeclaredLagunaCall(reader.text.slice(bodyStart, bodyEnd), options.tools);
  if (call === undefined) return text(reader, options, start, open);
  reader.take(bodyEnd + (close?.length ?? 0));
  reader.call(call.name, call.arguments);
  return options.called();
}

/** Gives out the opening and what stands before it, so that looking goes on behind it. */
function text(reader: Reader, options: LooseLagunaOptions, start: number, open: string): State {
  reader.emit("text", reader.take(start + open.length));
  return options.content();
}

function indexOrEnd(text: string, tag: string): number {
  const index = text.indexOf(tag);
  return index === -1 ? text.length : index;
}
