import type { Distribution } from "../../slots/token-logprobs.ts";

/** Chooses a token and remembers it. */
export interface TokenChooser {
  choose(from: number | Float32Array): number;
  /** What the last choice was made from; for choosers that were told to keep it. */
  remaining(): Distribution;
  accept(token: number): void;
  free(): void;
}
