import type { Key, KeyEvent } from "./keys.ts";
import * as buffers from "./text-buffer.ts";
import { bufferOf, emptyBuffer, insert, type TextBuffer, textOf } from "./text-buffer.ts";

/** A line being typed. */
export interface EditorState {
  readonly buffer: TextBuffer;
  /** Position in the history; `history.length` = the new line. */
  readonly historyIndex: number;
  /** The new line, kept while older ones are looked at. */
  readonly draft: string;
  readonly search?: Search | undefined;
}

/** Ctrl-R: the newest line of the history that holds `query`, from `index` backwards. */
interface Search {
  readonly query: string;
  /** Index of the line found; undefined when none holds the query. */
  readonly index: number | undefined;
}

/** What the terminal must do about a key, besides drawing the line. */
type EditorEffect = "submit" | "interrupt" | "end" | "clear-screen" | "editor" | "suspend";

export interface EditorStep {
  readonly state: EditorState;
  readonly effect?: EditorEffect | undefined;
}

/** What a key may need to know. */
export interface EditorWorld {
  /** Lines typed before, oldest first. */
  readonly history: readonly string[];
  /** The longest text that all completions of this one begin with; the text itself where there are none. */
  complete(text: string): string;
}

const tabSpaces = " ".repeat(8);

export function newLine(history: readonly string[]): EditorState {
  return { buffer: emptyBuffer, historyIndex: history.length, draft: "" };
}

/** One key, applied to a line: the whole behaviour of the editor, without a terminal. */
export function editLine(state: EditorState, event: KeyEvent, world: EditorWorld): EditorStep {
  if (state.search !== undefined) return editSearch(state, state.search, event, world);
  switch (event.type) {
    case "text":
    case "paste":
      return { state: { ...state, buffer: insert(state.buffer, event.text) } };
    case "key":
      return pressKey(state, event.key, world);
  }
}

function pressKey(state: EditorState, key: Key, world: EditorWorld): EditorStep {
  const { buffer } = state;
  const edit = (next: TextBuffer): EditorStep => ({ state: { ...state, buffer: next } });
  switch (key) {
    case "enter":
      return { state, effect: "submit" };
    case "newline":
      return edit(insert(buffer, "\n"));
    case "tab":
      return edit(pressTab(buffer, world));
    case "backspace":
      return edit(buffers.deleteTo(buffer, buffers.moveLeft));
    case "delete":
      return edit(buffers.deleteTo(buffer, buffers.moveRight));
    case "delete-word":
      return edit(buffers.deleteTo(buffer, buffers.moveWordLeft));
    case "delete-word-right":
      return edit(buffers.deleteTo(buffer, buffers.moveWordRight));
    case "delete-to-start":
      return edit(buffers.deleteTo(buffer, buffers.moveHome));
    case "delete-to-end":
      return edit(buffers.deleteTo(buffer, buffers.moveEnd));
    case "left":
      return edit(buffers.moveLeft(buffer));
    case "right":
      return edit(buffers.moveRight(buffer));
    case "home":
      return edit(buffers.moveHome(buffer));
    case "end":
      return edit(buffers.moveEnd(buffer));
    case "word-left":
      return edit(buffers.moveWordLeft(buffer));
    case "word-right":
      return edit(buffers.moveWordRight(buffer));
    case "up":
    case "down": {
      const moved = buffers.moveLine(buffer, key);
      return moved === undefined ? { state: browse(state, key === "up" ? -1 : 1, world) } : edit(moved);
    }
    case "history-previous":
      return { state: browse(state, -1, world) };
    case "history-next":
      return { state: browse(state, 1, world) };
    case "search":
      return { state: { ...state, search: { query: "", index: undefined } } };
    case "end-of-input":
      return textOf(buffer) === ""
        ? { state, effect: "end" }
        : edit(buffers.deleteTo(buffer, buffers.moveRight));
    case "interrupt":
    case "clear-screen":
    case "editor":
    case "suspend":
      return { state, effect: key };
    case "escape":
      return { state };
    default:
      return key satisfies never;
  }
}

/** Slash commands complete; anywhere else a tab is eight spaces. */
function pressTab(buffer: TextBuffer, world: EditorWorld): TextBuffer {
  if (!buffer.before.startsWith("/") || buffer.after !== "") return insert(buffer, tabSpaces);
  return bufferOf(world.complete(buffer.before));
}

function browse(state: EditorState, step: number, { history }: EditorWorld): EditorState {
  const index = state.historyIndex + step;
  if (index < 0 || index > history.length) return state;
  const draft = state.historyIndex === history.length ? textOf(state.buffer) : state.draft;
  return { buffer: bufferOf(history[index] ?? draft), historyIndex: index, draft };
}

function editSearch(state: EditorState, search: Search, event: KeyEvent, world: EditorWorld): EditorStep {
  const find = (query: string, from: number): EditorStep => {
    const index = query === "" ? undefined : lastIndexWith(world.history, query, from);
    return { state: { ...state, search: { query, index } } };
  };
  if (event.type === "text") return find(search.query + event.text, search.index ?? world.history.length - 1);
  if (event.type === "paste")
    return find(search.query + event.text.replaceAll("\n", " "), world.history.length - 1);
  switch (event.key) {
    case "search":
      return search.index === undefined ? { state } : find(search.query, search.index - 1);
    case "backspace":
      return find([...search.query].slice(0, -1).join(""), world.history.length - 1);
    case "interrupt":
    case "escape":
    case "editor":
      return { state: { ...state, search: undefined } };
    default: {
      // Any other key takes the line that was found and then does what it does.
      const taken = takeFound(state, search, world);
      return event.key === "enter" && search.index === undefined
        ? { state: taken }
        : pressKey(taken, event.key, world);
    }
  }
}

function takeFound(state: EditorState, { index }: Search, { history }: EditorWorld): EditorState {
  if (index === undefined) return { ...state, search: undefined };
  return {
    buffer: bufferOf(history[index] ?? ""),
    historyIndex: index,
    draft: state.historyIndex === history.length ? textOf(state.buffer) : state.draft,
  };
}

function lastIndexWith(history: readonly string[], query: string, from: number): number | undefined {
  for (let index = from; index >= 0; index--) if (history[index]?.includes(query) === true) return index;
  return undefined;
}
