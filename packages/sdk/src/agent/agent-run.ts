import type { AgentEvent, AgentResult } from "./events.ts";

/**
 * A run of an agent. Iterate it for its events, or await `result()` alone; both may be done, in any order.
 * Leaving the loop early ends the run.
 */
export class AgentRun implements AsyncIterable<AgentEvent> {
  readonly #events: AsyncGenerator<AgentEvent, AgentResult, undefined>;
  #result: AgentResult | undefined;

  constructor(events: AsyncGenerator<AgentEvent, AgentResult, undefined>) {
    this.#events = events;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AgentEvent, void, undefined> {
    for await (const event of this.#events) {
      if (event.type === "run-end") this.#result = event.result;
      yield event;
    }
  }

  /**
   * Runs what is left of the run.
   * @throws PunaError as `chat` does; Error when the run was left before its end
   */
  async result(): Promise<AgentResult> {
    for await (const _event of this) {
      // Whoever awaits only the result has no use for the events.
    }
    if (this.#result === undefined) throw new Error("The run was ended before its result");
    return this.#result;
  }
}
