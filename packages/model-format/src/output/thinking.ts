import type { OutputEvent, OutputParser } from "./output-parser.ts";
import { leadingSpaceLength } from "./parsers/reading/hold-back.ts";

type State = "before-opening" | "after-opening" | "thinking" | "after-closing" | "answer";

export interface ThinkingParserOptions {
  readonly opening: string;
  readonly closing: string;
  /** The prompt ended with the opening tag: the text begins inside the thinking. */
  readonly startsInside?: boolean;
}

/**
 * Parts thinking between a pair of tags from the answer. The opening tag counts at the very start only, blanks
 * around the tags are dropped, and the first closing tag ends the thinking.
 * @source ollama thinking/parser.go
 */
export class ThinkingParser implements OutputParser {
  readonly #opening: string;
  readonly #closing: string;
  #state: State;
  #held = "";
  /** What came before the first letter; looked at once, however many pieces it comes in. */
  #blanks = "";

  constructor({ opening, closing, startsInside = false }: ThinkingParserOptions) {
    this.#opening = opening;
    this.#closing = closing;
    this.#state = startsInside ? "after-opening" : "before-opening";
  }

  /** Takes the next piece of the answer and gives what it settles. */
  push(text: string): readonly OutputEvent[] {
    this.#held += text;
    const events: OutputEvent[] = [];
    while (this.#advance(events));
    return events;
  }

  end(): readonly OutputEvent[] {
    const rest = this.#held;
    this.#held = "";
    if (rest === "") return [];
    if (this.#state === "thinking") return [{ type: "thinking-delta", text: rest }];
    // Half an opening tag that was never finished is text after all.
    return this.#state === "before-opening" ? [{ type: "text-delta", text: this.#blanks + rest }] : [];
  }

  /** @returns whether the next state may find something too */
  #advance(events: OutputEvent[]): boolean {
    switch (this.#state) {
      case "before-opening":
        return this.#findOpening(events);
      case "after-opening":
        this.#held = withoutLeadingSpace(this.#held);
        if (this.#held === "") return false;
        this.#state = "thinking";
        return true;
      case "thinking":
        return this.#findClosing(events);
      case "after-closing":
        this.#held = withoutLeadingSpace(this.#held);
        if (this.#held === "") return false;
        this.#state = "answer";
        return true;
      case "answer":
        this.#release("text-delta", this.#held, events);
        this.#held = "";
        return false;
      default:
        return this.#state satisfies never;
    }
  }

  #findOpening(events: OutputEvent[]): boolean {
    const text = withoutLeadingSpace(this.#held);
    this.#blanks += this.#held.slice(0, this.#held.length - text.length);
    this.#held = text;
    if (text.startsWith(this.#opening)) {
      this.#held = text.slice(this.#opening.length);
      this.#state = "after-opening";
      return true;
    }
    if (this.#opening.startsWith(text)) return false;
    this.#state = "answer";
    this.#release("text-delta", this.#blanks + text, events);
    this.#held = "";
    return false;
  }

  #findClosing(events: OutputEvent[]): boolean {
    const at = this.#held.indexOf(this.#closing);
    if (at >= 0) {
      this.#release("thinking-delta", this.#held.slice(0, at), events);
      this.#held = this.#held.slice(at + this.#closing.length);
      this.#state = "after-closing";
      return true;
    }
    const keep = overlap(this.#held, this.#closing);
    this.#release("thinking-delta", this.#held.slice(0, this.#held.length - keep), events);
    this.#held = this.#held.slice(this.#held.length - keep);
    return false;
  }

  #release(type: "text-delta" | "thinking-delta", text: string, events: OutputEvent[]): void {
    if (text !== "") events.push({ type, text });
  }
}

function withoutLeadingSpace(text: string): string {
  return text.slice(leadingSpaceLength(text));
}

/** Length of the longest end of `text` that begins `tag`. */
export function overlap(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length); length > 0; length--) {
    if (text.endsWith(tag.slice(0, length))) return length;
  }
  return 0;
}
