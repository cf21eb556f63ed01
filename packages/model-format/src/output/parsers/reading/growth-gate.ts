import type { Reader } from "./stream-parser.ts";

/** Below this many code units looking again costs nothing worth saving. */
const short = 512;
const step = 256;
/** Code units that may be read again only because a piece looks like an end; many hostile ones cost no more. */
const budget = 2_000_000;

/**
 * Tells whether text that is held as a whole has grown enough to be looked at again: a long argument
 * arrives in thousands of pieces, and reading it from the start at each of them would take quadratic time.
 * Pieces that may complete it count at once, unless there were very many. What is found in the end is the same.
 * @param completing  matches what the held text may end with
 */
export function growthGate(completing: RegExp): (reader: Reader) => boolean {
  let seen = 0;
  let spent = 0;
  return ({ text, latest, ended }) => {
    const isGrown = text.length < short || text.length - seen >= Math.max(step, seen >> 3);
    // Only the latest piece is looked at: touching the rest would join it from its pieces every time.
    const counts = ended || isGrown || (spent < budget && completing.test(latest));
    if (counts) {
      seen = text.length;
      spent += text.length;
    }
    return counts;
  };
}
