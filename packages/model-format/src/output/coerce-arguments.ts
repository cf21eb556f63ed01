import type { Tool, ToolProperty } from "@puna/protocol";
import { parseOrderedJson } from "@puna/protocol";
import { parseInteger, parseReal } from "./parsers/reading/go-numbers.ts";
import { asObject } from "./parsers/reading/json-call.ts";

/**
 * Gives an argument that a model wrote as plain text the type its schema asks for.
 * Tried in the order null, boolean, integer, number, array, object, string, whichever of them the
 * schema allows; `null` counts for every schema. Text that fits none stays text, but for a schema
 * that allows booleans only it is false.
 * @param property  schema of the parameter; without one everything but `null` is text
 * @source ollama model/parsers, observed
 */
export function coerceArgument(text: string, property: ToolProperty | undefined): unknown {
  const lower = text.toLowerCase();
  if (lower === "null") return null;
  const types = argumentTypes(property);
  const allows = (type: string) => types.includes(type);

  if (allows("boolean")) {
    if (lower === "true" || lower === "false") return lower === "true";
    if (types.length === 1) return false;
  }
  if (allows("integer")) {
    const value = parseInteger(text);
    if (value !== undefined) return value;
  }
  if (allows("number")) {
    const value = parseReal(text);
    if (value !== undefined) return value;
  }
  if (allows("array") || allows("object")) {
    const value = parseOrNothing(text);
    if (allows("array") && Array.isArray(value)) return value;
    if (allows("object") && asObject(value) !== undefined) return value;
  }
  return text;
}

/** The schema of one parameter of a tool. */
export function parameterSchema(tool: Tool | undefined, name: string): ToolProperty | undefined {
  const properties = tool?.function.parameters.properties ?? {};
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

/** Types a parameter may have; alternatives are pooled and then count instead of its own types. */
export function argumentTypes(property: ToolProperty | undefined): readonly string[] {
  if (property === undefined) return [];
  const alternatives = property.anyOf ?? [];
  const sources = alternatives.length > 0 ? alternatives : [property];
  return sources.flatMap(({ type }) => type ?? []);
}

function parseOrNothing(text: string): unknown {
  try {
    return parseOrderedJson(text);
  } catch {
    return undefined;
  }
}
