/** Requests whose replies are not sent whole yet. */
export class RunningRequests {
  readonly #aborts = new Set<AbortController>();
  readonly #idle = Promise.withResolvers<void>();
  #isClosing = false;

  /** New requests are refused. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  begin(abort: AbortController): void {
    this.#aborts.add(abort);
  }

  end(abort: AbortController): void {
    this.#aborts.delete(abort);
    if (this.#isClosing && this.#aborts.size === 0) this.#idle.resolve();
  }

  /** Waits for what runs, and ends what still does then. */
  async close(drainMs: number): Promise<void> {
    this.#isClosing = true;
    if (this.#aborts.size > 0 && drainMs > 0) {
      const timer = setTimeout(() => this.#idle.resolve(), drainMs);
      await this.#idle.promise;
      clearTimeout(timer);
    }
    for (const abort of this.#aborts)
      abort.abort(new DOMException("the server is shutting down", "AbortError"));
  }
}
