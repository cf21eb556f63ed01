import { type ArgumentShape, keyMark, type Pieces, type TaggedCallShape } from "../output/call-shape.ts";
import { samePrefix, sameSuffix } from "./probe.ts";
import { probeNames, probeValues } from "./written-calls.ts";

/**
 * Takes two written calls apart.
 * @param isWrapped  texts may come in `<![CDATA[…]]>`
 * @returns undefined where arguments do not stand between tags
 */
export function inferTaggedShape(
  written: string,
  isWrapped: boolean,
): Omit<TaggedCallShape, "tokens"> | undefined {
  const cut = cutCalls(written);
  if (cut === undefined) return undefined;
  const { before, nameToKey, keyToText, textToKey, keyToNumber, between, after } = cut;
  const argumentOpen = fromTag(sameEnd(nameToKey, textToKey));
  const callOpen = fromTag(sameEnd(before, between));
  const argumentClose = textToKey.slice(0, textToKey.length - argumentOpen.length);
  const close = argumentClose.trimEnd();
  if (argumentOpen === "" || callOpen === "" || !/^\s*[<[\]]/.test(close) || !between.startsWith(close)) {
    return undefined;
  }
  const callClose = between.slice(close.length, between.length - callOpen.length);
  const sectionOpen = before.slice(0, before.length - callOpen.length);
  const rest = after.startsWith(close) ? after.slice(close.length).trim() : "";
  const behind = rest.startsWith(callClose.trim()) ? rest.slice(callClose.trim().length).trim() : "";
  // The tag that ends the turn may follow.
  const sectionClose = /^.*?>(?=<|$)/s.exec(behind)?.[0] ?? "";
  const isSection = sectionOpen.trim() !== "";
  return {
    type: "tagged",
    lead: /^\s*\n\n\s*/.exec(before)?.[0] ?? "",
    section: {
      open: pieces(sectionOpen),
      close: isSection ? pieces(sectionClose) : [],
    },
    call: {
      open: pieces(callOpen),
      nameEnd: pieces(nameToKey.slice(0, nameToKey.length - argumentOpen.length)),
      close: pieces(callClose),
    },
    argument: {
      open: pieces(argumentOpen),
      ...middleShape(keyToText, keyToNumber),
      close: pieces(close),
      isWrapped,
      blanks: { before: /\s*$/.exec(keyToText)?.[0] ?? "", after: /^\s*/.exec(close)?.[0] ?? "" },
    },
  };
}

interface CutCalls {
  readonly before: string;
  readonly nameToKey: string;
  readonly keyToText: string;
  readonly textToKey: string;
  readonly keyToNumber: string;
  /** From the last value of the first call to the name of the second. */
  readonly between: string;
  readonly after: string;
}

function cutCalls(written: string): CutCalls | undefined {
  const { tool, first, second } = probeNames;
  const marks = [
    tool,
    first,
    probeValues.first,
    second,
    String(probeValues.second),
    tool,
    first,
    probeValues.other,
  ];
  const parts: string[] = [];
  let rest = written;
  for (const [index, mark] of marks.entries()) {
    // A tag that is named for the first key may come again before the second key.
    const at = rest.indexOf(mark);
    if (at === -1) return undefined;
    parts[index] = rest.slice(0, at);
    rest = rest.slice(at + mark.length);
  }
  const [before, nameToKey, keyToText, textToKey, keyToNumber, between] = parts.map((part) =>
    part.replaceAll(first, keyMark).replaceAll(second, keyMark),
  );
  if (
    before === undefined ||
    nameToKey === undefined ||
    keyToText === undefined ||
    textToKey === undefined ||
    keyToNumber === undefined ||
    between === undefined
  )
    return undefined;
  return {
    before,
    nameToKey,
    keyToText,
    textToKey,
    keyToNumber,
    between,
    after: rest.replaceAll(first, keyMark),
  };
}

/** What differs between a text and a number is a word that tells them apart. */
function middleShape(text: string, number: string): Pick<ArgumentShape, "middle" | "kind"> {
  if (text === number) return { middle: pieces(text) };
  const after = sameEnd(text, number).replace(/^\w+/, "");
  const end = text.length - after.length;
  const start = Math.min(samePrefix(text, number), end);
  const kind = text.slice(start, end);
  return {
    middle: pieces(text),
    kind: { before: pieces(text.slice(0, start)), after: pieces(after), text: kind },
  };
}

function sameEnd(a: string, b: string): string {
  return a.slice(a.length - sameSuffix(a, b));
}

/** Leaves out the rest of a tag that the text begins with. */
function fromTag(text: string): string {
  return text.replace(/^[^<[\]]+/, "");
}

function pieces(text: string): Pieces {
  return text.split(/\s+/).filter((piece) => piece !== "");
}
