/** Keeps the most recently used values, at most `capacity`. A promise that fails is forgotten. */
export class BoundedCache<T> {
  readonly #entries = new Map<string, Promise<T>>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    const value = known ?? make();
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (known === undefined) {
      value.catch(() => this.#entries.delete(key));
      const oldest = this.#entries.keys().next();
      if (this.#entries.size > this.#capacity && oldest.done !== true) this.#entries.delete(oldest.value);
    }
    return value;
  }
}
