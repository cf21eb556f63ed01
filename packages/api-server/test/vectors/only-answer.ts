import type { VectorRequest } from "./vector-files.ts";

/** The one JSON text that the schema of a request allows; undefined when it allows more or there is none. */
export function onlyAnswerOf({ body }: VectorRequest): string | undefined {
  const schema =
    get(body, "format") ??
    get(get(get(body, "response_format"), "json_schema"), "schema") ??
    get(get(get(body, "text"), "format"), "schema");
  const value = onlyValue(schema);
  return value === undefined ? undefined : JSON.stringify(value);
}

function onlyValue(schema: unknown): unknown {
  const constant = get(schema, "const");
  if (constant !== undefined) return constant;
  const properties = get(schema, "properties");
  if (typeof properties !== "object" || properties === null) return undefined;
  const entries = Object.entries(properties).map(([name, property]) => [name, onlyValue(property)] as const);
  return entries.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(entries);
}

function get(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
