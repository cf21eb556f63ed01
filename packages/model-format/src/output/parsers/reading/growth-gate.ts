import type { Reader } from "./stream-parser.ts";

/** Below this many code units looking again costs nothing worth saving. */
const short = 512;
const step = 256;

/**
 * Tells whether text that is held as a whole has grown enough to be looked at again: a long argument
 * arrives in thousands of pieces, and reading it from the start at each of them would take quadratic time.
 * Pieces that may complete it always count. What is found in the end is the same.
 * @param completing  matches what the held text may end with
 */
export function growthGate(completing: RegExp): (reader: Reader) => boolean {
  let seen = 0;
  return ({ text, latest, ended }) => {
    // Only the latest piece is looked at: touching the rest would join it from its pieces every time.
    const counts = ended || text.length < short || text.length - seen >= step || completing.test(latest);
    if (counts) seen = text.length;
    return counts;
  };
}
