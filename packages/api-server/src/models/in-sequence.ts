import type { OutputEvent, OutputParser } from "@puna/model-format";

/** Gives the text that one parser lets through to the next. */
export function inSequence(
  first: OutputParser | undefined,
  second: OutputParser | undefined,
): OutputParser | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  const forward = (events: readonly OutputEvent[]) =>
    events.flatMap((event) => (event.type === "text-delta" ? second.push(event.text) : [event]));
  return {
    push: (text) => forward(first.push(text)),
    end: () => [...forward(first.end()), ...second.end()],
  };
}
