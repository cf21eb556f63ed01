/** Tells when nothing was asked for long enough. A request that is still running counts as asking. */
export class IdleClock {
  readonly #idleMs: number;
  readonly #expire: () => void;
  #running = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(idleMs: number, expire: () => void) {
    this.#idleMs = idleMs;
    this.#expire = expire;
    this.#wind();
  }

  /** Counts a request until its response has been written, or given up. */
  async track(answer: () => Promise<Response> | Response): Promise<Response> {
    this.#running += 1;
    clearTimeout(this.#timer);
    let isOver = false;
    const over = () => {
      if (isOver) return;
      isOver = true;
      this.#running -= 1;
      if (this.#running === 0) this.#wind();
    };
    try {
      const response = await answer();
      if (response.body === null) {
        over();
        return response;
      }
      const body = response.body.pipeThrough(new TransformStream({ flush: over, cancel: over }));
      return new Response(body, response);
    } catch (error) {
      over();
      throw error;
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wind(): void {
    this.#timer = setTimeout(this.#expire, this.#idleMs);
    this.#timer.unref();
  }
}
