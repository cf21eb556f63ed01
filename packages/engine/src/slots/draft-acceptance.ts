/** From so many equal tokens on; and what is expected of drafts after so long a match before any was tried. */
interface MatchClass {
  readonly from: number;
  readonly accepted: number;
  readonly rejected: number;
}

/** As answers of a 1.5B model to requests to change, correct, extract, summarise, explain and write turned out. */
const classes: readonly MatchClass[] = [
  { from: 17, accepted: 24, rejected: 1 },
  { from: 9, accepted: 12, rejected: 1 },
  { from: 5, accepted: 6, rejected: 1 },
  { from: 0, accepted: 4, rejected: 1 },
];
/** What came long ago says less about what comes now. */
const memory = 0.9;

/** How many drafted tokens one answer has accepted so far, by how long the matches before them were. */
export class DraftAcceptance {
  readonly #counts = classes.map(({ accepted, rejected }) => ({ accepted, rejected }));

  /** Tokens that a decode with so many drafted ones is expected to give, its own among them. */
  expect(matchLength: number, drafted: number): number {
    const { accepted, rejected } = this.#of(matchLength);
    const probability = accepted / (accepted + rejected);
    let [sum, all] = [1, 1];
    for (let index = 0; index < drafted; index++) {
      all *= probability;
      sum += all;
    }
    return sum;
  }

  record(matchLength: number, drafted: number, accepted: number): void {
    const counts = this.#of(matchLength);
    counts.accepted = counts.accepted * memory + accepted;
    counts.rejected = counts.rejected * memory + (accepted < drafted ? 1 : 0);
  }

  #of(matchLength: number): { accepted: number; rejected: number } {
    const counts = this.#counts[classes.findIndex(({ from }) => matchLength >= from)];
    if (counts === undefined) throw new RangeError(`a match has no ${matchLength} tokens`);
    return counts;
  }
}
