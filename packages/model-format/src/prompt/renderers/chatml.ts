/** Opens a turn of the `<|im_start|>` format, which many families share. */
export function openTurn(role: string): string {
  return `<|im_start|>${role}\n`;
}

export const closeTurn = "<|im_end|>\n";

export function turn(role: string, body: string): string {
  return openTurn(role) + body + closeTurn;
}
