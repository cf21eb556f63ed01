import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Key, KeyEvent } from "./keys.ts";
import { type EditorState, editLine, newLine } from "./line-editor.ts";
import { textOf } from "./text-buffer.ts";

const history = ["first line", "second line"];
const world = { history, complete: (text: string) => (text === "/b" ? "/bye" : text) };

/** Applies keys and texts (in quotes by their type) to a new line. */
const edit = (...events: (KeyEvent | Key)[]) => {
  let state: EditorState = newLine(history);
  let effect: string | undefined;
  for (const event of events) {
    const step = editLine(state, typeof event === "string" ? { type: "key", key: event } : event, world);
    state = step.state;
    effect = step.effect;
  }
  return { line: `${state.buffer.before}|${state.buffer.after}`, effect, state };
};
const text = (value: string): KeyEvent => ({ type: "text", text: value });

describe("editLine", () => {
  it.each<[string, (KeyEvent | Key)[]]>([
    ["ab|", [text("ab")]],
    ["a|b", [text("ab"), "left"]],
    ["|ab", [text("ab"), "home"]],
    ["ab|", [text("ab"), "home", "end"]],
    ["|b", [text("ab"), "home", "delete"]],
    ["one |three", [text("one two three"), "word-left", "word-left", "delete-word-right", "delete"]],
    ["one |", [text("one two"), "delete-word"]],
    ["|", [text("one two"), "delete-to-start"]],
    ["one| two", [text("one two"), "home", "word-right"]],
    ["one|", [text("one two"), "home", "word-right", "delete-to-end"]],
    ["a\nb|", [text("a"), "newline", text("b")]],
    ["|a\nb", [text("a"), "newline", text("b"), "up", "home"]],
    ["second line|", ["up"]],
    ["first line|", ["up", "up", "up"]],
    ["draft|", [text("draft"), "history-previous", "history-next"]],
    ["        |", ["tab"]],
    ["/bye|", [text("/b"), "tab"]],
    ["first line|", ["search", text("fir"), "end"]],
    ["first line|", ["search", text("line"), "search", "end"]],
    ["kept|", [text("kept"), "search", text("first"), "escape"]],
  ])("leaves %s", (line, events) => {
    expect(edit(...events).line).toBe(line);
  });

  it("ends the input only on an empty line", () => {
    expect(edit("end-of-input").effect).toBe("end");
    expect(edit(text("ab"), "home", "end-of-input")).toMatchObject({ line: "|b", effect: undefined });
  });

  it("submits what a search has found with Enter", () => {
    expect(edit("search", text("first"), "enter")).toMatchObject({ line: "first line|", effect: "submit" });
  });

  it("never splits a character and never loses text by moving", () => {
    const moves: Key[] = ["left", "right", "home", "end", "word-left", "word-right", "left", "left"];
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 12 }),
        fc.array(fc.constantFrom(...moves)),
        (typed, keys) => {
          const { state } = edit({ type: "paste", text: typed }, ...keys);
          expect(textOf(state.buffer)).toBe(typed);
          expect(state.buffer.before.isWellFormed()).toBe(typed.isWellFormed());
        },
      ),
    );
  });
});
