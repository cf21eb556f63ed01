import type { Message, Tool, ToolCall, ToolParameters, ToolProperty } from "@puna/protocol";
import { encodeObject, goJson, goJsonAny, goJsonString } from "../go-template/go-json.ts";
import { compareBytes, fromJson, GoMap, GoSlice, GoStruct, type GoValue } from "../go-template/values.ts";

/*
 * Messages and tools as the structs that templates of Ollama see: fields under Go's names, and types that
 * print themselves as JSON. The type names only show in error texts.
 */

/** `.Messages` */
export function messageValues(messages: readonly Message[]): GoSlice {
  return new GoSlice(messages.length > 0 ? messages.map(messageValue) : null, "[]*template.templateMessage");
}

function messageValue(message: Message): GoStruct {
  const calls = message.tool_calls;
  return new GoStruct(
    "template.templateMessage",
    [
      ["Role", message.role],
      ["Content", message.content],
      ["Thinking", message.thinking ?? ""],
      ["Images", new GoSlice(message.images ? [...message.images] : null, "[]api.ImageData")],
      [
        "ToolCalls",
        new GoSlice(
          calls && calls.length > 0 ? calls.map(toolCallValue) : null,
          "[]template.templateToolCall",
        ),
      ],
      ["ToolName", message.tool_name ?? ""],
      ["ToolCallID", message.tool_call_id ?? ""],
    ],
    { isPointer: true },
  );
}

function toolCallValue(call: ToolCall): GoStruct {
  const called = new GoStruct("template.templateToolCallFunction", [
    ["Index", BigInt(call.function.index ?? 0)],
    ["Name", call.function.name],
    ["Arguments", argumentsValue(call.function.arguments)],
  ]);
  return new GoStruct("template.templateToolCall", [
    ["ID", call.id ?? ""],
    ["Function", called],
  ]);
}

function argumentsValue(args: Readonly<Record<string, unknown>>): GoMap {
  const entries = new Map(Object.entries(args).map(([name, value]) => [name, fromJson(value)]));
  const json = once(() => goJsonAny(args));
  return new GoMap(entries, "template.templateArgs", { json, string: json });
}

/** `.Tools` */
export function toolValues(tools: readonly Tool[] | undefined): GoSlice {
  if (tools === undefined || tools.length === 0) {
    return new GoSlice(null, "template.templateTools", { string: () => "null" });
  }
  const values = tools.map(toolValue);
  const json = once(() => `[${values.map(goJson).join(",")}]`);
  return new GoSlice(values, "template.templateTools", { json, string: json });
}

function toolValue(tool: Tool): GoStruct {
  const { name, description = "", parameters } = tool.function;
  const called = new GoStruct(
    "template.templateToolFunction",
    [
      ["Name", name],
      ["Description", description],
      ["Parameters", parametersValue(parameters)],
    ],
    { json: () => encodeFunction(name, description, parameters) },
  );
  const json = once(() =>
    encodeObject([
      ["type", goJsonString(tool.type)],
      ...optional("items", tool.items),
      ["function", encodeFunction(name, description, parameters)],
    ]),
  );
  return new GoStruct(
    "template.templateTool",
    [
      ["Type", tool.type],
      ["Items", fromJson(tool.items)],
      ["Function", called],
    ],
    { json, string: json },
  );
}

function encodeFunction(name: string, description: string, parameters: ToolParameters): string {
  return encodeObject([
    ["name", goJsonString(name)],
    ["description", goJsonString(description)],
    ["parameters", encodeParameters(parameters)],
  ]);
}

function encodeParameters(parameters: ToolParameters): string {
  return encodeObject([
    ["type", goJsonString(parameters.type)],
    ...optional("$defs", parameters.$defs),
    ...optional("items", parameters.items),
    ...(parameters.required && parameters.required.length > 0
      ? [["required", goJsonAny(parameters.required)] as const]
      : []),
    ["properties", encodeProperties(parameters.properties)],
  ]);
}

/** The outermost properties are a map, written with sorted keys; nested ones keep their order. */
function encodeProperties(properties: ToolParameters["properties"] | null | undefined): string {
  if (properties === null || properties === undefined) return "null";
  const names = Object.keys(properties).sort(compareBytes);
  return encodeObject(names.map((name) => [name, encodeProperty(properties[name] ?? {})]));
}

function encodeProperty(property: ToolProperty): string {
  return encodeObject([
    ...(property.anyOf?.length
      ? [["anyOf", `[${property.anyOf.map(encodeProperty).join(",")}]`] as const]
      : []),
    ...(property.type === undefined || property.type.length === 0
      ? []
      : [["type", encodeType(property.type)] as const]),
    ...optional("items", property.items),
    ...(property.description ? [["description", goJsonString(property.description)] as const] : []),
    ...(property.enum?.length ? [["enum", goJsonAny(property.enum)] as const] : []),
    ...(property.properties === undefined || property.properties === null
      ? []
      : [
          [
            "properties",
            encodeObject(
              Object.entries(property.properties).map(([name, item]) => [name, encodeProperty(item)]),
            ),
          ] as const,
        ]),
    ...(property.required?.length ? [["required", goJsonAny(property.required)] as const] : []),
  ]);
}

function encodeType(type: string | readonly string[]): string {
  const names = typeof type === "string" ? [type] : type;
  return names.length === 1 ? goJsonString(names[0] ?? "") : goJsonAny(names);
}

function parametersValue(parameters: ToolParameters): GoStruct {
  const { properties } = parameters;
  const json = once(() => encodeProperties(properties));
  const entries =
    properties === null || properties === undefined
      ? null
      : new Map(Object.entries(properties).map(([name, property]) => [name, propertyValue(property)]));
  return new GoStruct(
    "api.ToolFunctionParameters",
    [
      ["Type", parameters.type],
      ["Defs", fromJson(parameters.$defs)],
      ["Items", fromJson(parameters.items)],
      ["Required", strings(parameters.required)],
      // A missing map prints as an empty one, but is null inside JSON.
      [
        "Properties",
        new GoMap(entries, "template.templateProperties", {
          json,
          string: () => (entries === null ? "{}" : json()),
        }),
      ],
    ],
    { json: () => encodeParameters(parameters) },
  );
}

function propertyValue(property: ToolProperty): GoStruct {
  const anyOf = property.anyOf?.map(propertyValue) ?? null;
  const nested = property.properties;
  return new GoStruct(
    "api.ToolProperty",
    [
      ["AnyOf", new GoSlice(anyOf, "[]api.ToolProperty")],
      ["Type", propertyType(property.type)],
      ["Items", fromJson(property.items)],
      ["Description", property.description ?? ""],
      ["Enum", new GoSlice(property.enum ? property.enum.map(fromJson) : null)],
      ["Properties", nestedProperties(nested ?? undefined)],
      ["Required", strings(property.required)],
    ],
    {
      json: () => encodeProperty(property),
      methods: new Map<string, () => GoValue>([["ToTypeScriptType", () => typeScriptType(property)]]),
    },
  );
}

/** A nested ordered map is opaque in Go: it has methods and prints as an address. */
function nestedProperties(properties: Readonly<Record<string, ToolProperty>> | undefined): GoStruct {
  if (properties === undefined) return new GoStruct("api.ToolPropertiesMap", [], { isPointer: true, isNil: true });
  const json = () =>
    encodeObject(Object.entries(properties).map(([name, item]) => [name, encodeProperty(item)]));
  return new GoStruct("api.ToolPropertiesMap", [], {
    isPointer: true,
    json,
    methods: new Map<string, () => GoValue>([
      ["Len", () => BigInt(Object.keys(properties).length)],
      [
        "ToMap",
        () =>
          new GoMap(new Map(Object.entries(properties).map(([name, item]) => [name, propertyValue(item)]))),
      ],
    ]),
  });
}

function propertyType(type: ToolProperty["type"]): GoSlice {
  const names = type === undefined ? null : typeof type === "string" ? [type] : [...type];
  const text = () =>
    names === null || names.length === 0
      ? ""
      : names.length === 1
        ? (names[0] ?? "")
        : `[${names.join(" ")}]`;
  return new GoSlice(names, "api.PropertyType", {
    string: text,
    json: () => (names === null ? "null" : encodeType(names)),
  });
}

/**
 * A property's type in TypeScript's words, as tool prompts of some families have it.
 * @source ollama api/types.go ToTypeScriptType
 */
export function typeScriptType(property: ToolProperty): string {
  if (property.anyOf && property.anyOf.length > 0) return property.anyOf.map(typeScriptType).join(" | ");
  const names =
    property.type === undefined ? [] : typeof property.type === "string" ? [property.type] : property.type;
  if (names.length === 0) return "any";
  return names.map((name) => typeScriptName(name, property)).join(" | ");
}

function typeScriptName(name: string, _property: ToolProperty): string {
  switch (name) {
    case "string":
    case "boolean":
    case "number":
      return name;
    case "integer":
      return "number";
    case "array":
      return "any[]";
    case "object":
      return "Record<string, any>";
    case "null":
      return "null";
    default:
      return "any";
  }
}

function strings(values: readonly string[] | null | undefined): GoSlice {
  return new GoSlice(values ? [...values] : null, "[]string");
}

function optional(name: string, value: unknown): readonly (readonly [string, string])[] {
  return value === undefined || value === null ? [] : [[name, goJsonAny(value)]];
}

function once(make: () => string): () => string {
  let made: string | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
