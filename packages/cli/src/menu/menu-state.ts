import type { KeyEvent } from "../repl/editor/keys.ts";

/** One thing that the menu offers. */
export interface MenuItem {
  readonly section: string;
  readonly label: string;
  /** Behind the label, for orientation. */
  readonly note: string;
  /** Command line that choosing it runs. */
  readonly command: readonly string[];
}

export interface MenuState {
  readonly items: readonly MenuItem[];
  /** Typed so far; narrows what is offered. */
  readonly filter: string;
  /** Among the items that match. */
  readonly selected: number;
}

/** What a key makes of the menu. */
export type MenuTurn =
  | { readonly type: "shown"; readonly state: MenuState }
  | { readonly type: "chosen"; readonly item: MenuItem }
  | { readonly type: "left" };

/** Items whose label holds what was typed. */
export function matchingItems({ items, filter }: MenuState): readonly MenuItem[] {
  const wanted = filter.toLowerCase();
  return items.filter(({ label }) => label.toLowerCase().includes(wanted));
}

/** Arrows move, letters narrow, Enter chooses, Escape first drops what was typed and then leaves. */
export function pressKey(state: MenuState, event: KeyEvent): MenuTurn {
  if (event.type !== "key") return narrowed(state, state.filter + event.text.replace(/\s/g, ""));
  const items = matchingItems(state);
  switch (event.key) {
    case "up":
    case "history-previous":
      return moved(state, -1, items.length);
    case "down":
    case "history-next":
    case "tab":
      return moved(state, 1, items.length);
    case "backspace":
      return narrowed(state, state.filter.slice(0, -1));
    case "enter": {
      const item = items[state.selected];
      return item === undefined ? { type: "shown", state } : { type: "chosen", item };
    }
    case "escape":
      return state.filter === "" ? { type: "left" } : narrowed(state, "");
    case "interrupt":
    case "end-of-input":
      return { type: "left" };
    default:
      return { type: "shown", state };
  }
}

function moved(state: MenuState, by: number, count: number): MenuTurn {
  const selected = count === 0 ? 0 : (state.selected + by + count) % count;
  return { type: "shown", state: { ...state, selected } };
}

function narrowed(state: MenuState, filter: string): MenuTurn {
  return {
    type: "shown",
    state: { ...state, filter, selected: filter === state.filter ? state.selected : 0 },
  };
}
