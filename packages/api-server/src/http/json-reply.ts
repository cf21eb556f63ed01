import type { Reply } from "./reply.ts";

/** Content types that clients of each family get. Ollama's compatible routes lack the charset and end with a newline. */
export const contentTypes = {
  json: "application/json; charset=utf-8",
  bareJson: "application/json",
  ndjson: "application/x-ndjson",
  sse: "text/event-stream",
  text: "text/plain",
  html: "text/html; charset=utf-8",
} as const;

export function jsonReply(value: unknown, status = 200, contentType: string = contentTypes.json): Reply {
  return { status, headers: { "Content-Type": contentType }, body: JSON.stringify(value) };
}

/** The form of Ollama's rewritten replies: no charset, a newline at the end. */
export function jsonLineReply(value: unknown, status = 200): Reply {
  return {
    status,
    headers: { "Content-Type": contentTypes.bareJson },
    body: `${JSON.stringify(value)}\n`,
  };
}

export function emptyReply(status = 200, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers };
}
