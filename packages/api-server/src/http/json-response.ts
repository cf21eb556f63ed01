/** Content types that clients of each family get. Ollama's compatible routes lack the charset and end with a newline. */
export const contentTypes = {
  json: "application/json; charset=utf-8",
  bareJson: "application/json",
  ndjson: "application/x-ndjson",
  sse: "text/event-stream",
  text: "text/plain",
  html: "text/html; charset=utf-8",
} as const;

export function jsonResponse(
  value: unknown,
  status = 200,
  contentType: string = contentTypes.json,
): Response {
  return new Response(JSON.stringify(value), { status, headers: { "Content-Type": contentType } });
}

/** The form of Ollama's rewritten replies: no charset, a newline at the end. */
export function jsonLineResponse(value: unknown, status = 200): Response {
  const headers = { "Content-Type": contentTypes.bareJson };
  return new Response(`${JSON.stringify(value)}\n`, { status, headers });
}

export function emptyResponse(status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status, headers });
}
