import { trimSpaceEnd } from "../../../prompt/renderers/trim-space.ts";
import { partialTagLength, trailingSpaceLength } from "./hold-back.ts";
import type { Reader, Sink, State } from "./stream-parser.ts";

/** What follows a tag. A function, because stages refer to each other in circles. */
export type Next = () => State;

export interface TagRule {
  readonly to: Next;
  /** Blanks before the tag belong to the tag and vanish with it. Default true. */
  readonly trimBefore?: boolean;
  /** Leave the tag, and the blanks before it that it may take, for the next stage to look at. Default false. */
  readonly leave?: boolean;
}

export type Tags = Readonly<Record<string, Next | TagRule>>;

interface CollectOptions {
  readonly into: Sink;
  readonly tags: Tags;
  /**
   * What becomes of what is still held when the text ends, which is half a tag and, where a tag takes
   * the blanks before it, blanks: `drop` loses both, `keep` gives both out, `trim` loses the blanks.
   */
  readonly atEnd: "drop" | "keep" | "trim";
}

/** Gives text out as it comes, up to the first of some tags, and never a part of a tag. */
export function collect(options: CollectOptions): State {
  const { into, atEnd } = options;
  const rules = new Map(Object.entries(options.tags).map(([tag, rule]) => [tag, toRule(rule)]));
  const tags = [...rules.keys()];
  /** Blanks held back so far, which the text then begins with. */
  let held = 0;
  const holdsBlanks = atEnd === "trim" || [...rules.values()].some((rule) => rule.trimBefore !== false);

  return (reader) => {
    const found = reader.find(tags);
    if (found !== undefined) {
      held = 0;
      const rule = rules.get(found.tag);
      const before = reader.text.slice(0, found.index);
      const kept = rule?.trimBefore === false ? before : trimSpaceEnd(before);
      reader.emit(into, reader.take(kept.length));
      if (rule?.leave !== true) reader.take(found.index + found.tag.length - kept.length);
      return rule?.to();
    }
    if (reader.ended && atEnd !== "drop") {
      const rest = reader.takeAll();
      reader.emit(into, atEnd === "trim" ? trimSpaceEnd(rest) : rest);
      return undefined;
    }
    const certain = reader.text.length - partialTagLength(reader.text, tags);
    held = holdsBlanks ? trailingSpaceLength(reader.text, certain, Math.min(held, certain)) : 0;
    reader.emit(into, reader.take(certain - held));
    if (reader.ended) reader.takeAll();
    return undefined;
  };
}

function toRule(rule: Next | TagRule): TagRule {
  return typeof rule === "function" ? { to: rule } : rule;
}

/**
 * Collects everything up to a closing tag and hands it on in one piece; `atEnd` gets what is never closed.
 * Bodies are long and come in small pieces, so what cannot be part of the tag is laid aside at once.
 */
export function collectBody(
  close: string | readonly string[],
  done: (reader: Reader, body: string, close: string) => State,
  atEnd?: (reader: Reader, body: string) => void,
): State {
  const tags = [close].flat();
  const longest = Math.max(...tags.map((tag) => tag.length));
  let aside: string[] = [];
  const body = (rest: string) => {
    const whole = aside.join("") + rest;
    aside = [];
    return whole;
  };
  return (reader) => {
    const found = reader.find(tags);
    if (found !== undefined) {
      const whole = body(reader.take(found.index));
      reader.take(found.tag.length);
      return done(reader, whole, found.tag);
    }
    if (reader.ended) atEnd?.(reader, body(reader.takeAll()));
    else aside.push(reader.take(Math.max(0, reader.text.length - longest + 1)));
    return undefined;
  };
}

/** Drops blanks, then goes on. */
export function skipBlanks(to: Next): State {
  return (reader) => {
    reader.take(reader.leadingBlanks);
    return reader.text === "" ? undefined : to();
  };
}

interface LeadingTagOptions {
  readonly found: Next;
  readonly missing: Next;
  /** Drop the blanks before text that does not begin with the tag. Default false. */
  readonly trimWhenMissing?: boolean;
  /** Text that ends while it is blank or half the tag: lost (`drop`) or passed on to `missing` (`keep`). */
  readonly atEnd: "drop" | "keep";
}

/** Looks whether the text begins with a tag, blanks before it aside. Blanks after the tag are dropped too. */
export function leadingTag(tag: string, options: LeadingTagOptions): State {
  const found = skipBlanks(options.found);
  return (reader) => {
    const blanks = reader.leadingBlanks;
    const rest = reader.text.slice(blanks);
    if (rest.startsWith(tag)) {
      reader.take(blanks + tag.length);
      return found;
    }
    if (tag.startsWith(rest)) {
      if (!reader.ended) return undefined;
      if (options.atEnd === "drop") {
        reader.takeAll();
        return undefined;
      }
    }
    if (options.trimWhenMissing === true) reader.take(blanks);
    return options.missing();
  };
}

/** Gives out all text as it comes. */
export const everything: State = (reader) => {
  reader.emit("text", reader.takeAll());
  return undefined;
};
