import { escapeGoJson, type Tool, type ToolCall, type ToolProperty } from "@puna/protocol";
import { compareBytes } from "../../go-template/bytes.ts";

/**
 * An object whose keys keep their order; plain objects are written with sorted keys.
 * Models were prompted with JSON of this order, so it is part of the format.
 */
export type OrderedJson = ReadonlyMap<string, unknown>;

/** Ordered and, whatever the writer was told, with `<`, `>` and `&` escaped: properties and arguments. */
class EscapedMap extends Map<string, unknown> {}

interface GoJsonOptions {
  /** Write `<`, `>` and `&` as `\u003c` and so on. Default true. */
  readonly escapeHtml?: boolean;
  /** Sort the keys of ordered objects as well. Default false. */
  readonly sortAll?: boolean;
}

/** Entries of an ordered or plain object, or undefined for anything else; plain ones come sorted. */
export function objectEntries(value: unknown): readonly (readonly [string, unknown])[] | undefined {
  if (value instanceof Map) return [...value];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value).sort((a, b) => compareBytes(a[0], b[0]));
}

/**
 * Compact JSON as Go's encoding/json writes it.
 * @source Go encoding/json: HTML escaping on, U+2028 and U+2029 always escaped, map keys sorted
 */
export function goJson(value: unknown, options: GoJsonOptions = {}): string {
  const { escapeHtml = true, sortAll = false } = options;
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return goJsonString(value, escapeHtml);
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return `[${value.map((item) => goJson(item, options)).join(",")}]`;
  const entries = objectEntries(value);
  if (entries === undefined) return String(value);
  const inner = value instanceof EscapedMap ? { escapeHtml: true, sortAll } : options;
  const ordered = sortAll ? [...entries].sort((a, b) => compareBytes(a[0], b[0])) : entries;
  const pairs = ordered.map(
    ([key, item]) => `${goJsonString(key, inner.escapeHtml ?? true)}:${goJson(item, inner)}`,
  );
  return `{${pairs.join(",")}}`;
}

function goJsonString(text: string, html: boolean): string {
  return escapeGoJson(JSON.stringify(text.toWellFormed()), { html });
}

/** The same JSON with a space after every `:` and `,` between tokens, as Python's json.dumps puts them. */
export function spacedJson(value: unknown, options?: GoJsonOptions): string {
  return goJson(value, options).replace(/"[^"\\]*(?:\\.[^"\\]*)*"|[,:]/g, (token) =>
    token === "," || token === ":" ? `${token} ` : token,
  );
}

/** The same JSON over several lines; empty objects and arrays stay closed on one. */
export function indentedJson(value: unknown, indent: string): string {
  let depth = 0;
  const newline = () => `\n${indent.repeat(depth)}`;
  return goJson(value).replace(/"[^"\\]*(?:\\.[^"\\]*)*"|\{\}|\[\]|[[\]{},:]/g, (token) => {
    if (token === "{" || token === "[") {
      depth += 1;
      return token + newline();
    }
    if (token === "}" || token === "]") {
      depth -= 1;
      return newline() + token;
    }
    if (token === ",") return token + newline();
    return token === ":" ? ": " : token;
  });
}

/** A tool as models see it: fixed key order, empty fields left out, unknown schema keywords dropped. */
export function toolValue(tool: Tool): OrderedJson {
  return fields([
    ["type", tool.type],
    ["items", tool.items],
    ["function", toolFunctionValue(tool)],
  ]);
}

export function toolFunctionValue(tool: Tool): OrderedJson {
  return fields([
    ["name", tool.function.name],
    ["description", tool.function.description || undefined],
    ["parameters", toolParametersValue(tool)],
  ]);
}

export function toolParametersValue(tool: Tool): OrderedJson {
  const { type, $defs, items, required } = tool.function.parameters;
  const value = fields([
    ["type", type],
    ["$defs", $defs],
    ["items", items],
    ["required", nonEmpty(required)],
  ]);
  // Always there: absent properties are written as null.
  return value.set("properties", propertiesValue(tool.function.parameters.properties));
}

/** Properties in the order of the request; undefined when the schema names none. */
function propertiesValue(
  properties: Readonly<Record<string, ToolProperty>> | null | undefined,
): OrderedJson | undefined {
  if (properties === undefined || properties === null) return undefined;
  return new EscapedMap(
    Object.entries(properties).map(([name, property]) => [name, propertyValue(property)]),
  );
}

export function propertyValue(property: ToolProperty): OrderedJson {
  const types = propertyTypes(property);
  return fields([
    ["anyOf", nonEmpty(property.anyOf)?.map(propertyValue)],
    ["type", types.length > 1 ? types : types[0]],
    ["items", property.items],
    ["description", property.description || undefined],
    ["enum", nonEmpty(property.enum)],
    ["properties", propertiesValue(property.properties)],
    ["required", nonEmpty(property.required)],
  ]);
}

/** Declared types; none when the property has no `type`. */
export function propertyTypes(property: ToolProperty): readonly string[] {
  if (property.type === undefined) return [];
  return typeof property.type === "string" ? [property.type] : property.type;
}

/** Arguments of a call, keys in the order in which the model wrote them. */
export function argumentsValue(call: ToolCall): OrderedJson {
  return new EscapedMap(Object.entries(call.function.arguments));
}

/** Named properties of a tool in the order of the request. */
export function toolProperties(tool: Tool): readonly (readonly [string, ToolProperty])[] {
  // Absent properties reach us as undefined or null although the type has no word for it.
  return Object.entries(tool.function.parameters.properties ?? {});
}

function fields(entries: readonly (readonly [string, unknown])[]): Map<string, unknown> {
  return new Map(entries.filter(([, value]) => value !== undefined && value !== null));
}

function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list !== undefined && list !== null && list.length > 0 ? list : undefined;
}
