import type { Tool } from "@puna/protocol";
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
  #state: "text" | "calls" | "answer" = "text";
  #held = "";
  #calls = 0;

  constructor(tag: string, tools: readonly Tool[]) {
    this.#tag = tag;
    this.#names = tools.map((tool) => tool.function.name);
  }

  push(text: string): readonly OutputEvent[] {
    if (this.#state === "answer") return textEvents(text);
    this.#held += text;
    const events: OutputEvent[] = [];
    if (this.#state === "text" && !this.#findTag(events)) return events;
    for (let call = this.#nextCall(); call !== undefined; call = this.#nextCall()) events.push(call);
    if (this.#isBalanced()) {
      // Brackets that closed without a call were an answer.
      this.#state = "answer";
      events.push(...textEvents(this.#held));
      this.#held = "";
    }
    return events;
  }

  end(): readonly OutputEvent[] {
    const isOpen = this.#calls === 0 && this.#isBracket();
    return isOpen ? textEvents(this.#held) : [];
  }

  #isBracket(): boolean {
    return this.#tag === "{" || this.#tag === "[";
  }

  /** Releases what comes before the tag. @returns whether the tag is there */
  #findTag(events: OutputEvent[]): boolean {
    const at = this.#held.indexOf(this.#tag);
    const start = at >= 0 ? at : this.#held.length - overlap(this.#held, this.#tag);
    const before = this.#held.slice(0, start);
    this.#held = this.#held.slice(start);
    if (this.#isBracket() && before.trim() !== "") {
      this.#state = "answer";
      events.push(...textEvents(before + this.#held));
      return false;
    }
    events.push(...textEvents(before));
    if (at < 0) return false;
    this.#state = "calls";
    return true;
  }

  #nextCall(): OutputEvent | undefined {
    const tool = this.#findName();
    if (tool === undefined) return undefined;
    const found = findArguments(tool.name, this.#held);
    if (found === undefined) return undefined;
    this.#held = this.#held.slice(Math.max(tool.end, found.end));
    const index = this.#calls++;
    return { type: "tool-call", call: { function: { index, name: tool.name, arguments: found.arguments } } };
  }

  /** The earliest name, the longest where two begin together; none while the text may still be half a name. */
  #findName(): { readonly name: string; readonly end: number } | undefined {
    if (this.#endsInHalfName()) return undefined;
    let best: { readonly name: string; readonly start: number } | undefined;
    for (const name of this.#names) {
      const start = this.#held.indexOf(name);
      if (start < 0) continue;
      if (best !== undefined && (start > best.start || (start === best.start && name.length <= best.name.length))) continue;
      best = { name, start };
    }
    return best === undefined ? undefined : { name: best.name, end: best.start + best.name.length };
  }

  #endsInHalfName(): boolean {
    return this.#names.some((name) => {
      for (let length = Math.min(this.#held.length, name.length - 1); length > 0; length--) {
        if (this.#held.endsWith(name.slice(0, length))) return true;
      }
      return false;
    });
  }

  #isBalanced(): boolean {
    if (!this.#isBracket()) return false;
    const close = this.#tag === "{" ? "}" : "]";
    let depth = 0;
    for (const character of this.#held) {
      if (character === this.#tag) depth++;
      else if (character === close && --depth === 0) return true;
    }
    return false;
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

/** The first balanced JSON object, or the arguments inside it. `end` is the place of its closing brace. */
function findArguments(tool: string, text: string): { readonly arguments: JsonObject; readonly end: number } | undefined {
  let start = -1;
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "\\") at++;
    else if (character === '"') inString = !inString;
    else if (inString) continue;
    else if (character === "{" && depth++ === 0) start = at;
    else if (character === "}" && depth > 0 && --depth === 0) {
      const object = parseObject(text.slice(start, at + 1));
      if (object === undefined) continue;
      const inner = searchArguments(tool, object);
      if (inner === "none") return undefined;
      return { arguments: inner ?? object, end: at };
    }
  }
  return undefined;
}

/** @returns the arguments; `none` for a call that is named but has none; undefined where nothing looks like a call */
function searchArguments(tool: string, object: JsonObject): JsonObject | "none" | undefined {
  if ("name" in object) return objectAt(object, "arguments") ?? objectAt(object, "parameters") ?? "none";
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
  const value = object[key];
  return isObject(value) ? value : typeof value === "string" ? parseObject(value) : undefined;
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textEvents(text: string): OutputEvent[] {
  return text === "" ? [] : [{ type: "text-delta", text }];
}
