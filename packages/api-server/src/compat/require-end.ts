import { EngineError } from "@puna/engine";
import type { GenerationEvent } from "../services/generation-event.ts";

/**
 * Passes events on, and fails when they end without saying why: half an answer must not look like a whole one.
 * @throws EngineError `RUNNER_CRASHED`
 */
export async function* requireEnd(events: AsyncIterable<GenerationEvent>): AsyncGenerator<GenerationEvent> {
  let last: GenerationEvent | undefined;
  for await (const event of events) {
    last = event;
    yield event;
  }
  if (last === undefined || last.type === "answer-delta" || last.type === "generation-start") {
    throw new EngineError(
      "RUNNER_CRASHED",
      "an error was encountered while running the model: unexpected EOF",
    );
  }
}
