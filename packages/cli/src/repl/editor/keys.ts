/** What a person did at the keyboard. */
export type KeyEvent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "paste"; readonly text: string }
  | { readonly type: "key"; readonly key: Key };

export type Key =
  | "enter"
  | "newline"
  | "tab"
  | "backspace"
  | "delete"
  | "escape"
  | "left"
  | "right"
  | "up"
  | "down"
  | "home"
  | "end"
  | "word-left"
  | "word-right"
  | "delete-word"
  | "delete-word-right"
  | "delete-to-start"
  | "delete-to-end"
  | "history-previous"
  | "history-next"
  | "search"
  | "clear-screen"
  | "editor"
  | "interrupt"
  | "end-of-input"
  | "suspend";

const controls: Readonly<Record<string, Key>> = {
  "\u0001": "home",
  "\u0002": "left",
  "\u0003": "interrupt",
  "\u0004": "end-of-input",
  "\u0005": "end",
  "\u0006": "right",
  "\u0007": "editor",
  "\b": "backspace",
  "\t": "tab",
  "\n": "newline",
  "\u000b": "delete-to-end",
  "\f": "clear-screen",
  "\r": "enter",
  "\u000e": "history-next",
  "\u0010": "history-previous",
  "\u0012": "search",
  "\u0015": "delete-to-start",
  "\u0017": "delete-word",
  "\u001a": "suspend",
  "\u007f": "backspace",
};

/** What follows ESC, with the modifier of `ESC[1;5C` taken out. */
const sequences: Readonly<Record<string, Key>> = {
  "[A": "up",
  "[B": "down",
  "[C": "right",
  "[D": "left",
  "[H": "home",
  "[F": "end",
  OA: "up",
  OB: "down",
  OC: "right",
  OD: "left",
  OH: "home",
  OF: "end",
  "[1~": "home",
  "[4~": "end",
  "[7~": "home",
  "[8~": "end",
  "[3~": "delete",
  b: "word-left",
  f: "word-right",
  d: "delete-word-right",
  "\u007f": "delete-word",
  "\r": "newline",
};

/** The same with Ctrl or Alt held. */
const modified: Readonly<Record<string, Key>> = {
  "[C": "word-right",
  "[D": "word-left",
  "[3~": "delete-word-right",
};

const pasteBegin = "\u001b[200~";
const pasteEnd = "\u001b[201~";
const complete = /^\u001b(?:\[[0-9;?]*[A-Za-z~]|O[A-Za-z]|[^[O])/s;

/**
 * Turns what a terminal sends into keys, however its bytes are cut. Unknown sequences are dropped: nothing of them
 * may end up as text.
 */
export class KeyDecoder {
  #rest = "";

  push(data: string): KeyEvent[] {
    this.#rest += data;
    const events: KeyEvent[] = [];
    for (let event = this.#next(); event !== "wait"; event = this.#next())
      if (event !== undefined) events.push(event);
    return events;
  }

  /** Something has begun that may be the Escape key alone, or the beginning of a sequence. */
  get isWaiting(): boolean {
    return this.#rest !== "" && !this.#rest.startsWith(pasteBegin);
  }

  /** Nothing more came for a while: what waits is the Escape key itself. */
  flush(): KeyEvent[] {
    if (!this.isWaiting) return [];
    this.#rest = "";
    return [{ type: "key", key: "escape" }];
  }

  #next(): KeyEvent | "wait" | undefined {
    const rest = this.#rest;
    if (rest === "") return "wait";
    if (rest.startsWith(pasteBegin)) {
      const end = rest.indexOf(pasteEnd);
      if (end < 0) return "wait";
      this.#rest = rest.slice(end + pasteEnd.length);
      return { type: "paste", text: rest.slice(pasteBegin.length, end).replace(/\r\n?/g, "\n") };
    }
    if (rest.startsWith("\u001b")) {
      const [sequence] = complete.exec(rest) ?? [];
      if (sequence === undefined) return "wait";
      this.#rest = rest.slice(sequence.length);
      return keyOf(sequence.slice(1));
    }
    const control = controls[rest.charAt(0)];
    if (control !== undefined || rest.charAt(0) < " ") {
      this.#rest = rest.slice(1);
      return control && { type: "key", key: control };
    }
    const [text = ""] = /^[^\u0000-\u001f\u007f]+/.exec(rest) ?? [];
    this.#rest = rest.slice(text.length);
    return { type: "text", text };
  }
}

function keyOf(sequence: string): KeyEvent | undefined {
  const plain = sequence.replace(/^\[1;\d+([A-Z])$/, "[$1").replace(/^\[(\d+);\d+~$/, "[$1~");
  const key = (plain === sequence ? undefined : modified[plain]) ?? sequences[plain];
  return key && { type: "key", key };
}
