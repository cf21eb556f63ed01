import type { Tool } from "@puna/protocol";
import { parseOrderedJson } from "@puna/protocol";
import { trimSpace } from "../prompt/renderers/trim-space.ts";
import { BracketScanner } from "./bracket-scanner.ts";
import { NameFinder } from "./name-finder.ts";
import type { OutputEvent, OutputParser } from "./output-parser.ts";
import { overlap } from "./thinking.ts";

/**
 * Finds tool calls by the tag that begins them and by the names of the tools offered, for templates that show
 * no more than that. With the tag `{` or `[` only an answer that begins with it can be a call.
 * @source ollama tools/tools.go
 */
export class ToolTagParser implements OutputParser {
  readonly #tag: string;
  readonly #names: readonly string[];
  readonly #losesText: boolean;
  #state: "text" | "calls" | "answer" = "text";
  #held = "";
  /** How much of the text held was given out already. */
  #given = 0;
  #calls = 0;
  #search: CallSearch;
  /** All text from the tag on, for whether it ends in half a name. */
  readonly #ending: NameFinder;
  /** Calls that wait for the end of half a name. */
  #waiting: OutputEvent[] = [];

  /** @param losesText  text behind the tag vanishes if no call is found in it, as it does in Ollama's own reading */
  constructor(tag: string, tools: readonly Tool[], losesText = true) {
    this.#tag = tag;
    this.#losesText = losesText;
    this.#names = tools.map((tool) => tool.function.name);
    this.#search = new CallSearch(tag, this.#names);
    this.#ending = new NameFinder(this.#names);
  }

  /**
   * What Ollama sends when the answer ends. It repeats text there that came in one piece with what precedes
   * it; `end` does not.
   */
  get rest(): string {
    return this.#calls === 0 && (this.#isBracket() || !this.#losesText) ? this.#held : "";
  }

  /** Takes the next piece of the answer and gives the text and calls that it completes. */
  push(text: string): readonly OutputEvent[] {
    const events: OutputEvent[] = [];
    let rest = text;
    if (this.#state === "text") rest = this.#findTag(text, events);
    if (this.#state === "calls") this.#ending.add(rest);
    while (rest !== "" && this.#state === "calls") {
      const length = this.#search.stepLength(rest);
      this.#addToCall(rest.slice(0, length), events);
      rest = rest.slice(length);
    }
    if (this.#state === "answer") release(rest, events);
    // Ollama looks for calls only where the text does not end in what may become a name.
    else if (!this.#ending.endsInHalf) this.#releaseCalls(events);
    return events;
  }

  end(): readonly OutputEvent[] {
    const events: OutputEvent[] = [];
    if (this.#state === "calls") this.#takeCall(events, true);
    this.#releaseCalls(events);
    release(this.rest.slice(this.#given), events);
    return events;
  }

  #addToCall(text: string, events: OutputEvent[]): void {
    this.#held += text;
    this.#search.add(text);
    this.#takeCall(events, false);
    // Brackets that closed without a call were an answer. Behind a call they also balance where the next one is
    // half read, so there the answer begins only when an object has ended that is no call.
    if (this.#search.isBalanced && (this.#calls === 0 || this.#search.hasJustClosed)) {
      this.#state = "answer";
      release(this.#held, events);
      this.#held = "";
    }
  }

  #takeCall(events: OutputEvent[], hasEnded: boolean): void {
    const found = this.#search.find(hasEnded);
    if (found === undefined) return;
    const { name, end } = found;
    const index = this.#calls++;
    this.#waiting.push({
      type: "tool-call",
      call: { function: { index, name, arguments: found.arguments } },
    });
    const rest = this.#held.slice(end);
    this.#held = "";
    this.#search = new CallSearch(this.#tag, this.#names);
    if (rest !== "") this.#addToCall(rest, events);
  }

  #releaseCalls(events: OutputEvent[]): void {
    events.push(...this.#waiting);
    this.#waiting = [];
  }

  #isBracket(): boolean {
    return this.#tag === "{" || this.#tag === "[";
  }

  /** Releases what comes before the tag. @returns what is left to read from the tag on */
  #findTag(text: string, events: OutputEvent[]): string {
    const all = this.#held + text;
    const at = all.indexOf(this.#tag);
    const start = at >= 0 ? at : all.length - overlap(all, this.#tag);
    const before = all.slice(0, start);
    this.#held = all.slice(start);
    if (this.#isBracket() && trimSpace(before) !== "") {
      this.#state = "answer";
      this.#given = this.#held.length;
      release(all, events);
      return "";
    }
    release(before, events);
    if (at < 0) return "";
    this.#state = "calls";
    const rest = this.#held;
    this.#held = "";
    return rest;
  }
}

interface FoundCall {
  readonly name: string;
  readonly arguments: JsonObject;
  /** Where the text goes on. */
  readonly end: number;
}

/** Looks for the first call in text that grows. */
class CallSearch {
  readonly #names: NameFinder;
  readonly #objects = new BracketScanner("{", "}", true);
  readonly #brackets: BracketScanner | undefined;
  #text = "";
  #object: { readonly value: JsonObject; readonly end: number } | undefined;
  #isBalanced = false;
  #hasJustClosed = false;

  constructor(tag: string, names: readonly string[]) {
    this.#names = new NameFinder(names);
    const close = { "{": "}", "[": "]" }[tag];
    this.#brackets = close === undefined ? undefined : new BracketScanner(tag, close, false);
  }

  /** All brackets of the tag's kind are closed. */
  get isBalanced(): boolean {
    return this.#isBalanced;
  }

  /** The text ends where an object ends. */
  get hasJustClosed(): boolean {
    return this.#hasJustClosed;
  }

  /**
   * How much to add next, so that a call is found at the character that completes it: results must not depend
   * on how the text was cut.
   */
  stepLength(text: string): number {
    return this.#object === undefined ? text.search(/[}\]]|$/) + 1 : 1;
  }

  add(text: string): void {
    const offset = this.#text.length;
    this.#text += text;
    this.#hasJustClosed = false;
    this.#names.add(text);
    this.#findObject(text, offset);
    if (this.#brackets?.next(text, offset) !== undefined) this.#isBalanced = true;
  }

  /** @param hasEnded  no text follows, so that half a name is none */
  find(hasEnded: boolean): FoundCall | undefined {
    if (this.#object === undefined || (!hasEnded && this.#names.endsInHalf)) return undefined;
    const tool = this.#names.first;
    if (tool === undefined) return undefined;
    const found = searchArguments(tool.name, this.#object.value);
    if (found === "none") return undefined;
    // The closing brace stays: it counts when brackets are balanced.
    const end = Math.max(tool.end, this.#object.end - 1);
    return { name: tool.name, arguments: found ?? this.#object.value, end };
  }

  #findObject(text: string, offset: number): void {
    while (this.#object === undefined) {
      const place = this.#objects.next(text, offset);
      if (place === undefined) return;
      this.#hasJustClosed = place.end === this.#text.length;
      const value = parseObject(this.#text.slice(place.start, place.end));
      if (value !== undefined) this.#object = { value, end: place.end };
    }
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

/** @returns the arguments; `none` for a call that is named but has none; undefined where nothing looks like a call */
function searchArguments(tool: string, object: JsonObject): JsonObject | "none" | undefined {
  if (Object.hasOwn(object, "name")) {
    return objectAt(object, "arguments") ?? objectAt(object, "parameters") ?? "none";
  }
  const own = objectAt(object, tool);
  if (own !== undefined) return own;
  for (const value of Object.values(object)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      const found = isObject(child) ? searchArguments(tool, child) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** An object under that key, also where it is written as a string of JSON. */
function objectAt(object: JsonObject, key: string): JsonObject | undefined {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return isObject(value) ? value : typeof value === "string" ? parseObject(value) : undefined;
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = parseOrderedJson(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function release(text: string, events: OutputEvent[]): void {
  if (text !== "") events.push({ type: "text-delta", text });
}
