interface Place {
  readonly name: string;
  readonly start: number;
}

/** Looks for the first of some names in text that grows, and reads each character once or twice. */
export class NameFinder {
  readonly #names: readonly string[];
  readonly #longest: number;
  /** The end of the text, long enough for any name that is not complete. */
  #tail = "";
  #length = 0;
  #best: Place | undefined;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#longest = Math.max(0, ...names.map((name) => name.length));
  }

  add(text: string): void {
    this.#tail += text;
    this.#length += text.length;
    const offset = this.#length - this.#tail.length;
    for (const name of this.#names) {
      const at = this.#tail.indexOf(name);
      if (at >= 0) this.#offer({ name, start: offset + at });
    }
    this.#tail = this.#tail.slice(Math.max(0, this.#tail.length - this.#longest));
  }

  /** The earliest name, the longest where two begin together. */
  get first(): { readonly name: string; readonly end: number } | undefined {
    return this.#best && { name: this.#best.name, end: this.#best.start + this.#best.name.length };
  }

  /** Whether the text ends in what may become a name. */
  get endsInHalf(): boolean {
    return this.#names.some((name) => {
      for (let length = Math.min(this.#tail.length, name.length - 1); length > 0; length--) {
        if (this.#tail.endsWith(name.slice(0, length))) return true;
      }
      return false;
    });
  }

  #offer(place: Place): void {
    const best = this.#best;
    const isBetter =
      best === undefined ||
      place.start < best.start ||
      (place.start === best.start && place.name.length > best.name.length);
    if (isBetter) this.#best = place;
  }
}
