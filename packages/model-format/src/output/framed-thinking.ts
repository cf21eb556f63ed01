import type { OutputEvent, OutputParser } from "./output-parser.ts";
import { leadingSpaceLength } from "./parsers/reading/hold-back.ts";
import { overlap } from "./thinking.ts";

export interface FramedThinkingOptions {
  /** With the blanks that the template writes around it; "" where nothing marks the beginning. */
  readonly opening: string;
  readonly closing: string;
  /** The closing may begin an answer without thinking. */
  readonly closesAlone?: boolean;
  /** The prompt that the text goes on from: it may have opened the thinking, or closed it again. */
  readonly prompt: string;
  /** What ends the thinking too, and belongs to the answer: calls of models that forget to close it. */
  readonly interruptions?: readonly string[];
  /** The prompt ends inside thinking that the client began. */
  readonly startsInside?: boolean;
}

type State = "before" | "opened" | "thinking" | "closed" | "answer";

/**
 * Parts thinking from the answer as the template of a model frames it: the blanks that belong to the frame are
 * dropped, others stay. Thinking that is never closed stays thinking; thinking of nothing but blanks is none.
 * @source llama.cpp common/chat-auto-parser-generator.cpp
 */
export class FramedThinking implements OutputParser {
  readonly #opening: string;
  readonly #closing: string;
  readonly #closesAlone: boolean;
  readonly #interruptions: readonly string[];
  readonly #blanksBehind: { readonly opening: string; readonly closing: string };
  #state: State = "before";
  #held = "";
  /** Blanks of the frame that may still come. */
  #skipped = "";
  /** Only blanks of the thinking came so far; they wait in `#held`. */
  #isBlank = true;

  constructor(options: FramedThinkingOptions) {
    const { opening, closing, interruptions = [], prompt, startsInside = false } = options;
    this.#opening = opening.trim();
    this.#closing = closing.trim();
    this.#closesAlone = options.closesAlone === true;
    this.#interruptions = interruptions;
    this.#blanksBehind = { opening: blanksAtEnd(opening), closing: blanksAtEnd(closing) };
    const told = prompt.trimEnd();
    if (startsInside) this.#state = "thinking";
    else if (this.#opening === "") this.#become("opened");
    else if (told.endsWith(this.#opening)) this.#become("opened", prompt.slice(told.length));
    else if (this.#endsClosed(told)) this.#become("closed", prompt.slice(told.length));
  }

  /** An empty block of thinking; a closing tag alone keeps no model from thinking. */
  #endsClosed(told: string): boolean {
    const before = told.slice(0, told.length - this.#closing.length);
    return told.endsWith(this.#closing) && before.trimEnd().endsWith(this.#opening);
  }

  push(text: string): readonly OutputEvent[] {
    this.#held += text;
    const events: OutputEvent[] = [];
    while (this.#advance(events));
    return events;
  }

  end(): readonly OutputEvent[] {
    const events: OutputEvent[] = [];
    // Half a tag that was never finished is text after all.
    if (this.#state === "before") this.#state = "answer";
    if (this.#state !== "thinking" || this.#held.trim() !== "") this.#give(events, this.#held.length);
    return events;
  }

  /** @returns whether the next state may find something too */
  #advance(events: OutputEvent[]): boolean {
    switch (this.#state) {
      case "before":
        this.#held = this.#held.slice(leadingSpaceLength(this.#held));
        return this.#held !== "" && this.#findOpening();
      case "opened":
        return this.#dropFrame() && this.#become("thinking");
      case "thinking":
        return this.#findClosing(events);
      case "closed":
        return this.#dropFrame() && this.#become("answer");
      case "answer":
        this.#give(events, this.#held.length);
        return false;
    }
  }

  #become(state: State, held = this.#held): boolean {
    this.#state = state;
    this.#held = held;
    if (state === "opened") this.#skipped = this.#blanksBehind.opening;
    if (state === "closed") this.#skipped = this.#blanksBehind.closing;
    return true;
  }

  /** @returns whether something is left to look at */
  #dropFrame(): boolean {
    while (this.#held !== "" && this.#held.charAt(0) === this.#skipped.charAt(0)) {
      this.#held = this.#held.slice(1);
      this.#skipped = this.#skipped.slice(1);
    }
    return this.#held !== "";
  }

  #findOpening(): boolean {
    if (this.#held.startsWith(this.#opening)) {
      return this.#become("opened", this.#held.slice(this.#opening.length));
    }
    if (this.#closesAlone && this.#held.startsWith(this.#closing)) {
      return this.#become("closed", this.#held.slice(this.#closing.length));
    }
    if (this.#closesAlone && this.#closing.startsWith(this.#held)) return false;
    return !this.#opening.startsWith(this.#held) && this.#become("answer");
  }

  #findClosing(events: OutputEvent[]): boolean {
    const ends = [this.#closing, ...this.#interruptions];
    const places = ends.map((end) => this.#held.indexOf(end)).map((at) => (at === -1 ? Infinity : at));
    const at = Math.min(...places);
    const half = Math.max(...ends.map((end) => overlap(this.#held, end)));
    const length = at === Infinity ? this.#held.length - half : at;
    if (this.#isBlank) this.#isBlank = leadingSpaceLength(this.#held) >= length;
    const isClosed = places[0] === at;
    const behind = this.#held.slice(length + (isClosed ? this.#closing.length : 0));
    if (!this.#isBlank) this.#give(events, length);
    return at !== Infinity && this.#become(isClosed ? "closed" : "answer", behind);
  }

  #give(events: OutputEvent[], length: number): void {
    const type = this.#state === "thinking" ? "thinking-delta" : "text-delta";
    if (length > 0) events.push({ type, text: this.#held.slice(0, length) });
    this.#held = this.#held.slice(length);
  }
}

function blanksAtEnd(tag: string): string {
  return tag.slice(tag.trimEnd().length);
}
