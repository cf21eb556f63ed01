/** Lets code that calls back feed code that iterates. One consumer. */
class EventChannel<T> {
  readonly #queue: T[] = [];
  #wake = Promise.withResolvers<void>();
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  push(event: T): void {
    this.#queue.push(event);
    this.#wake.resolve();
  }

  end(): void {
    this.#ended = true;
    this.#wake.resolve();
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.#wake.resolve();
  }

  /** Everything pushed, then the end or the error. */
  async *events(): AsyncGenerator<T, void, undefined> {
    for (;;) {
      for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) yield event;
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#ended) return;
      await this.#wake.promise;
      this.#wake = Promise.withResolvers<void>();
    }
  }
}

/**
 * Runs `work` and yields what it emits. When the consumer leaves early, the signal given to `work` fires and its
 * end is waited for, so that nothing goes on behind the consumer's back.
 */
export async function* runWithEvents<T>(
  signal: AbortSignal | undefined,
  work: (emit: (event: T) => void, signal: AbortSignal) => Promise<void>,
): AsyncGenerator<T, void, undefined> {
  const leaving = new AbortController();
  const channel = new EventChannel<T>();
  const combined = signal === undefined ? leaving.signal : AbortSignal.any([signal, leaving.signal]);
  const done = work((event) => channel.push(event), combined).then(
    () => channel.end(),
    (error: unknown) => channel.fail(error),
  );
  try {
    yield* channel.events();
  } finally {
    leaving.abort(new DOMException("The consumer of the progress events left", "AbortError"));
    await done;
  }
}
