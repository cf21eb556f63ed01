import { OutputError } from "../../../errors.ts";
import type { OutputEvent, OutputParser } from "../../output-parser.ts";
import { leadingSpaceLength } from "./hold-back.ts";

export type CallArguments = Readonly<Record<string, unknown>>;

/** Where text goes; `nothing` swallows it. */
export type Sink = "text" | "thinking" | "nothing";

/**
 * One stage of a family's format. It takes what is already certain from the reader's text and returns
 * the stage to go on with at once, or undefined to wait for more text.
 * What it does must depend on the text alone, never on how the text was cut: that is the whole reason
 * why joined results are the same for every split.
 */
export type State = (reader: Reader) => State | undefined;

/** Undecided text, and the events that came of what was decided. */
export class Reader {
  /** Text that no stage has taken yet. */
  text = "";
  /** The piece that came last. */
  latest = "";
  /** Code units that were taken so far: where in the whole answer `text` begins. */
  taken = 0;
  /** No more text will come: everything has to be decided now. */
  ended = false;
  /** So many code units at the front of `text` are blanks for sure. */
  #blanks = 0;
  /** Text that was taken since something came of it. */
  #unused: string[] = [];
  #events: OutputEvent[] = [];
  #calls = 0;

  append(text: string): void {
    this.latest = text;
    this.text += text;
  }

  /** Removes and returns the first `length` code units. */
  take(length: number): string {
    const taken = this.text.slice(0, length);
    this.text = this.text.slice(length);
    this.taken += taken.length;
    if (taken !== "") this.#unused.push(taken);
    this.#blanks = Math.max(0, this.#blanks - taken.length);
    return taken;
  }

  /** Puts text before what is there, for a stage that wants to find it. */
  putBack(text: string): void {
    this.text = text + this.text;
    const unused = this.#unused.join("");
    this.#unused = [unused.endsWith(text) ? unused.slice(0, unused.length - text.length) : unused];
    this.#blanks = 0;
  }

  /** Number of blanks that begin `text`. An endless run of them is not counted anew for every piece. */
  get leadingBlanks(): number {
    this.#blanks = leadingSpaceLength(this.text, this.#blanks);
    return this.#blanks;
  }

  takeAll(): string {
    return this.take(this.text.length);
  }

  /** The earliest of the tags, the longest of those at one place. */
  find(tags: readonly string[]): { readonly tag: string; readonly index: number } | undefined {
    let best: { tag: string; index: number } | undefined;
    for (const tag of tags) {
      const index = this.text.indexOf(tag);
      if (index === -1) continue;
      const better =
        best === undefined || index < best.index || (index === best.index && tag.length > best.tag.length);
      if (better) best = { tag, index };
    }
    return best;
  }

  emit(sink: Sink, text: string): void {
    if (text === "" || sink === "nothing") return;
    this.#unused = [];
    const type = sink === "text" ? "text-delta" : "thinking-delta";
    const last = this.#events.at(-1);
    if (last?.type === type) this.#events[this.#events.length - 1] = { type, text: last.text + text };
    else this.#events.push({ type, text });
  }

  call(name: string, values: CallArguments, id?: string): void {
    this.#unused = [];
    const fn = { index: this.#calls, name, arguments: values };
    this.#calls += 1;
    const call = id === undefined ? { function: fn } : { id, function: fn };
    this.#events.push({ type: "tool-call", call });
  }

  /** Makes an answer of everything that nothing came of. */
  giveUp(): void {
    const text = this.#unused.join("") + this.text;
    this.text = "";
    this.emit("text", text);
  }

  /** @throws OutputError `INVALID_OUTPUT` always */
  fail(message: string, cause?: unknown): never {
    throw new OutputError("INVALID_OUTPUT", message, cause === undefined ? {} : { cause });
  }

  drain(): readonly OutputEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

interface StreamOptions {
  /** Has the last word when the text has ended and no stage wants to go on. */
  readonly atEnd?: (reader: Reader) => void;
  /** What breaks the format, and all that follows, is text instead of an error. */
  readonly failsAsText?: boolean;
}

/**
 * Runs stages over streamed text.
 * When text breaks the format, the events before the break are returned first and the error is thrown
 * by the next call, so that what a caller has seen does not depend on how the text was cut either.
 */
export function streamParser(start: State, options: StreamOptions = {}): OutputParser {
  const { atEnd, failsAsText = false } = options;
  const reader = new Reader();
  let state = start;
  let failure: unknown;

  const run = (): readonly OutputEvent[] => {
    if (failure !== undefined) throw failure;
    try {
      for (let next = state(reader); next !== undefined; next = state(reader)) state = next;
      if (reader.ended && state !== asText) atEnd?.(reader);
    } catch (error) {
      if (!OutputError.is(error)) throw error;
      if (failsAsText) {
        state = asText;
        reader.giveUp();
        return reader.drain();
      }
      failure = error;
      const events = reader.drain();
      // At the end there is no next call; stages take care to fail there before they emit.
      if (events.length === 0 || reader.ended) throw error;
      return events;
    }
    return reader.drain();
  };

  return {
    push(text) {
      if (failure === undefined) reader.append(text);
      return run();
    },
    end() {
      reader.ended = true;
      return run();
    },
  };
}

const asText: State = (reader) => {
  reader.giveUp();
  return undefined;
};
