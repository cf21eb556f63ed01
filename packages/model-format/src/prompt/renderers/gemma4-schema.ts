import type { Tool, ToolProperty } from "@puna/protocol";
import { compareBytes } from "../../go-template/bytes.ts";
import { type GemmaDialect, gemmaValue, quoted, quotedList } from "./gemma-values.ts";
import { goPrint } from "./go-print.ts";
import { objectEntries, propertyTypes, toolProperties } from "./ordered-json.ts";

export const gemma4Dialect: GemmaDialect = { quote: '<|"|>', none: "null" };
const schemaDialect: GemmaDialect = { ...gemma4Dialect, quotesKeys: true };

/** A schema as key and value; either from a declared property or from JSON that was taken as it came. */
type Schema = ReadonlyMap<string, unknown>;

/** Never taken for the name of a property, not even where one is meant: the template skips them. */
const schemaKeys = ["description", "type", "properties", "required", "nullable"];

/**
 * `declaration:name{…}` of a tool, schema keys sorted, types in capitals.
 * @source chat template of google/gemma-4; ollama model/renderers for unions and nested schemas
 */
export function gemma4Declaration(tool: Tool): string {
  const { name, description = "", parameters } = tool.function;
  const properties = toolProperties(tool);
  const parts = [
    ...(properties.length > 0 ? [`properties:{${propertyList(declaredProperties(properties))}}`] : []),
    ...requiredPart(parameters.required),
    ...(parameters.type ? [`type:${quoted(parameters.type.toUpperCase(), gemma4Dialect)}`] : []),
  ];
  const schema = parameters.properties || parameters.type ? `,parameters:{${parts.join(",")}}` : "";
  return `declaration:${name}{description:${quoted(description, gemma4Dialect)}${schema}}`;
}

function declaredProperties(properties: readonly (readonly [string, ToolProperty])[]): Schema {
  return new Map(properties.map(([name, property]) => [name, declaredSchema(property)]));
}

function declaredSchema(property: ToolProperty): Schema {
  const types = propertyTypes(property);
  const union = types.length > 0 ? types : bareUnion(property);
  return new Map<string, unknown>([
    // The template prints a union as Python prints a list, and so the model knows it.
    ["type", union.length > 1 ? `[${union.map((type) => `'${type.toUpperCase()}'`).join(", ")}]` : union[0]],
    ["description", property.description],
    ["enum", property.enum],
    ["items", property.items],
    ["properties", property.properties && declaredProperties(Object.entries(property.properties))],
    ["required", property.required],
  ]);
}

/** Types of an `anyOf` whose branches say nothing but a type; the notation has no other word for it. */
function bareUnion(property: ToolProperty): readonly string[] {
  const branches = property.anyOf ?? [];
  if (!branches.every(isBareType)) return [];
  return [...new Set(branches.flatMap(propertyTypes))];
}

function isBareType(branch: ToolProperty): boolean {
  const { anyOf = [], items, description, enum: values = [], properties, required = [] } = branch;
  const plain = anyOf.length + values.length + required.length === 0 && !description;
  return plain && items === undefined && properties === undefined && propertyTypes(branch).length > 0;
}

/** Properties with their schemas, sorted by name. */
function propertyList(schema: Schema): string {
  const parts = sortedEntries(schema).flatMap(([name, value]) => {
    const inner = schemaKeys.includes(name) ? undefined : asSchema(value);
    return inner === undefined ? [] : [`${name}:{${propertyParts(inner).join(",")}}`];
  });
  return parts.join(",");
}

function propertyParts(schema: Schema): readonly string[] {
  const types = typeNames(schema.get("type"));
  const description = schema.get("description");
  const described = typeof description === "string" && description !== "";
  return [
    ...(described ? [`description:${quoted(description, gemma4Dialect)}`] : []),
    ...(types[0] === "STRING" ? enumPart(schema.get("enum")) : []),
    ...(types[0] === "ARRAY" ? itemsPart(schema.get("items")) : []),
    ...(schema.get("nullable") === true ? ["nullable:true"] : []),
    ...(types[0] === "OBJECT" ? objectParts(schema) : []),
    ...typePart(types),
  ];
}

function enumPart(values: unknown): readonly string[] {
  if (!Array.isArray(values) || values.length === 0) return [];
  return [`enum:${quotedList(values.map(goPrint), gemma4Dialect)}`];
}

function itemsPart(items: unknown): readonly string[] {
  const schema = asSchema(items);
  return schema === undefined || schema.size === 0 ? [] : [`items:{${itemParts(schema).join(",")}}`];
}

/** An object without declared properties lists what else it holds as if those were properties. */
function objectParts(schema: Schema): readonly string[] {
  const properties = asSchema(schema.get("properties")) ?? schema;
  return [`properties:{${propertyList(properties)}}`, ...requiredPart(schema.get("required"))];
}

/** What the elements of an array are: every key of the schema is kept. */
function itemParts(schema: Schema): readonly string[] {
  return sortedEntries(schema).flatMap(([key, value]) => {
    if (value === null || value === undefined) return [];
    if (key === "properties") return [`properties:{${propertyList(asSchema(value) ?? new Map())}}`];
    if (key === "required") return [`required:${quotedList(texts(value), gemma4Dialect)}`];
    if (key === "type") return typePart(typeNames(value));
    return [`${key}:${gemmaValue(value, schemaDialect)}`];
  });
}

function requiredPart(required: unknown): readonly string[] {
  const names = texts(required);
  return names.length === 0 ? [] : [`required:${quotedList(names, gemma4Dialect)}`];
}

function typePart(types: readonly string[]): readonly string[] {
  const [only] = types;
  if (only === undefined) return [];
  return [`type:${types.length === 1 ? quoted(only, gemma4Dialect) : quotedList(types, gemma4Dialect)}`];
}

function typeNames(type: unknown): readonly string[] {
  return (typeof type === "string" ? [type] : texts(type)).map((name) => name.toUpperCase());
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function asSchema(value: unknown): Schema | undefined {
  const entries = objectEntries(value);
  return entries === undefined ? undefined : new Map(entries);
}

function sortedEntries(schema: Schema): readonly (readonly [string, unknown])[] {
  return [...schema].sort(([a], [b]) => compareBytes(a, b));
}
