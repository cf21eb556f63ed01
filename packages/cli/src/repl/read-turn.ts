/** What one typed line makes of a turn that may span several. */
export type TurnState =
  | { readonly type: "line"; readonly text: string }
  | { readonly type: "more"; readonly text: string };

const fence = '"""';

/**
 * Joins typed lines into one message: `"""` opens a text that runs until the next `"""`.
 * @param open  text so far of an opened fence, or undefined
 */
export function readTurn(open: string | undefined, line: string): TurnState {
  if (open === undefined) {
    if (!line.startsWith(fence)) return { type: "line", text: line };
    return closeOrGoOn(line.slice(fence.length));
  }
  return closeOrGoOn(`${open}\n${line}`);
}

function closeOrGoOn(text: string): TurnState {
  return text.endsWith(fence)
    ? { type: "line", text: text.slice(0, -fence.length).replace(/^\n/, "") }
    : { type: "more", text };
}
