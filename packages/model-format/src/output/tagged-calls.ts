import type { Tool } from "@puna/protocol";
import type { Pieces, TaggedCallShape } from "./call-shape.ts";
import type { OutputParser } from "./output-parser.ts";
import { collect, type TagRule } from "./parsers/reading/collect.ts";
import { growthGate } from "./parsers/reading/growth-gate.ts";
import { type Reader, type State, streamParser } from "./parsers/reading/stream-parser.ts";
import { expectPieces, readTaggedCall } from "./tagged-call.ts";

/**
 * Finds calls as a template writes them that puts every argument between tags of its own. What begins like a call
 * and is none, or calls no tool that was offered, stays text.
 * @source llama.cpp common/chat-auto-parser-generator.cpp and common/parsers: what counts
 */
export function taggedCalls(shape: TaggedCallShape, tools: readonly Tool[]): OutputParser {
  const rule = (form: TaggedCallShape, tag: string): [string, TagRule] => [
    tag,
    { to: () => first(form, tag.trim()), trimBefore: false, leave: true },
  ];
  const unwrapped = unwrappedShape(shape);
  const tags = Object.fromEntries([
    ...taggedCallStarts(shape).map((tag) => rule(shape, tag)),
    ...(unwrapped === undefined ? [] : unwrappedStarts(unwrapped, tools).map((tag) => rule(unwrapped, tag))),
  ]);
  const content = (): State => collect({ into: "text", tags, atEnd: "keep" });

  const first = (form: TaggedCallShape, tag: string): State =>
    reads(form, form.section.open, (reader) => {
      reader.emit("text", reader.take(reader.text.indexOf(tag) + tag.length));
      return content();
    });
  /** Behind a call another may follow, or what closes them all. */
  const next = (form: TaggedCallShape): State => {
    const another = reads(form, [], content);
    return (reader) => {
      reader.take(reader.leadingBlanks);
      const { close } = form.section;
      const end = close.length === 0 ? "broken" : expectPieces(reader.text, 0, close);
      if (end === "broken") return another(reader);
      if (typeof end !== "number") return reader.ended ? content() : undefined;
      reader.take(end);
      return next({ ...form, section: { open: [], close: [] } });
    };
  };
  /** Reads one call behind what opens it. */
  const reads = (form: TaggedCallShape, opening: Pieces, otherwise: (reader: Reader) => State): State => {
    const grown = growthGate(/[>\]]/);
    return (reader) => {
      if (!grown(reader)) return undefined;
      const begin = expectPieces(reader.text, 0, opening);
      const found = typeof begin === "number" ? readTaggedCall(reader.text, begin, form, tools) : begin;
      if (found === "open" && !reader.ended) return undefined;
      if (typeof found !== "object") return otherwise(reader);
      reader.take(found.end);
      reader.call(found.value.name, found.value.arguments);
      return next(form);
    };
  };
  return streamParser(content());
}

/** What such calls may begin with. */
export function taggedCallStarts({ section, call, lead }: TaggedCallShape): readonly string[] {
  const start = section.open[0] ?? call.open[0] ?? "";
  return lead === "" ? [start] : [start, lead + start];
}

/** The same without the tag around a call, which models leave out; undefined where there is none. */
function unwrappedShape({ call, section, ...shape }: TaggedCallShape): TaggedCallShape | undefined {
  const open = call.open.at(-1) ?? "";
  if (section.open.length > 0 || call.open.length < 2 || !open.startsWith("<")) return undefined;
  return {
    ...shape,
    call: { ...call, open: [open], close: call.close.slice(0, 1) },
    section: { open: [], close: call.close.slice(1) },
  };
}

function unwrappedStarts({ call }: TaggedCallShape, tools: readonly Tool[]): readonly string[] {
  return tools.map((tool) => `${call.open.join("")}${tool.function.name}${call.nameEnd[0] ?? ""}`);
}
