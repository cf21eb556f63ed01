/** Hands pushed values to one reader in order, and then an end or an error. */
export class EventQueue<TValue> implements AsyncIterable<TValue> {
  readonly #values: TValue[] = [];
  #end: { readonly error?: Error } | undefined;
  #wake: (() => void) | undefined;

  /** Nothing more will come; what came may still wait to be read. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  push(value: TValue): void {
    this.#values.push(value);
    this.#wake?.();
  }

  end(error?: Error): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<TValue> {
    for (;;) {
      const value = this.#values.shift();
      if (value !== undefined) {
        yield value;
        continue;
      }
      if (this.#end !== undefined) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
