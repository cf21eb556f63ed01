import type { Message, Tool, ToolCall, ToolParameters, ToolProperty } from "@puna/protocol";
import { compareBytes } from "../go-template/bytes.ts";
import { goJson, goJsonAny, goJsonString, joinObject } from "../go-template/go-json.ts";
import {
  fromJson,
  GoBytes,
  GoMap,
  type GoMapType,
  GoSlice,
  GoStructType,
  type GoType,
} from "../go-template/values.ts";

/*
 * Messages and tools as the structs that templates of Ollama see: fields under Go's names, and types that
 * print themselves as JSON. The type names only show in error texts and with %T.
 * Source: ollama template/template.go and api/types.go.
 */

const messagesType: GoType<GoSlice> = { name: "[]*template.templateMessage" };
const imagesType: GoType<GoSlice> = { name: "[]api.ImageData" };
const imageType: GoType<GoBytes> = { name: "api.ImageData" };
const callsType: GoType<GoSlice> = { name: "[]template.templateToolCall" };
const stringsType: GoType<GoSlice> = { name: "[]string" };

/** `.Messages` */
export function messageValues(messages: readonly Message[]): GoSlice {
  return new GoSlice(
    messages.length > 0 ? messages.map((message) => messageType.of(message)) : null,
    messagesType,
  );
}

const messageType = /* @__PURE__ */ new GoStructType<Message>(
  "template.templateMessage",
  {
    Role: ({ role }) => role,
    Content: ({ content }) => content.toWellFormed(),
    Thinking: ({ thinking = "" }) => thinking.toWellFormed(),
    Images: ({ images }) =>
      new GoSlice(images ? images.map((image) => new GoBytes(image, imageType)) : null, imagesType),
    ToolCalls: ({ tool_calls: calls }) =>
      new GoSlice(calls && calls.length > 0 ? calls.map((call) => callType.of(call)) : null, callsType),
    ToolName: (message) => message.tool_name ?? "",
    ToolCallID: (message) => message.tool_call_id ?? "",
  },
  { isPointer: true },
);

const callType = /* @__PURE__ */ new GoStructType<ToolCall>("template.templateToolCall", {
  ID: ({ id = "" }) => id,
  Function: (call) => calledType.of(call.function),
});

const calledType = /* @__PURE__ */ new GoStructType<ToolCall["function"]>(
  "template.templateToolCallFunction",
  {
    Index: ({ index = 0 }) => index,
    Name: ({ name }) => name,
    // Callers in JavaScript may leave them out, as requests do.
    Arguments: (called) => GoMap.from<unknown>(called.arguments ?? null, fromJson, argumentsType),
  },
);

const argumentsType: GoMapType = {
  name: "template.templateArgs",
  string: ({ source }) => (source === null ? "{}" : goJsonAny(source)),
};

/** `.Tools` */
export function toolValues(tools: readonly Tool[] | undefined): GoSlice {
  return new GoSlice(tools?.map((tool) => toolType.of(tool)) ?? null, toolsType);
}

const toolsType: GoType<GoSlice> = {
  name: "template.templateTools",
  string: (value) => (value.isNil ? "null" : `[${[...value].map(goJson).join(",")}]`),
};

const toolType = /* @__PURE__ */ new GoStructType<Tool>(
  "template.templateTool",
  {
    Type: ({ type }) => type,
    Items: ({ items }) => fromJson(items),
    Function: (tool) => functionType.of(tool.function),
  },
  { json: encodeTool, string: encodeTool },
);

const functionType = /* @__PURE__ */ new GoStructType<Tool["function"]>(
  "template.templateToolFunction",
  {
    Name: ({ name }) => name,
    Description: ({ description = "" }) => description,
    Parameters: ({ parameters = noParameters }) => parametersType.of(parameters),
  },
  { json: encodeFunction },
);

/** Callers in JavaScript may leave them out, as requests do. */
const noParameters: ToolParameters = { type: "", properties: null };

const parametersType = /* @__PURE__ */ new GoStructType<ToolParameters>(
  "template.templateToolFunctionParameters",
  {
    Type: ({ type }) => type,
    Defs: (parameters) => fromJson(parameters.$defs),
    Items: ({ items }) => fromJson(items),
    Required: ({ required }) => strings(required),
    Properties: ({ properties }) =>
      GoMap.from<ToolProperty>(properties ?? null, (property) => propertyType.of(property), propertiesType),
  },
  { json: encodeParameters },
);

const propertyType: GoStructType<ToolProperty> = /* @__PURE__ */ new GoStructType<ToolProperty>(
  "api.ToolProperty",
  {
    AnyOf: ({ anyOf }) =>
      GoSlice.from<ToolProperty>(anyOf ?? null, (property) => propertyType.of(property), propertyListType),
    Type: ({ type }) => new GoSlice(type === undefined ? null : typeNames(type), typeNamesType),
    Items: ({ items }) => fromJson(items),
    Description: ({ description = "" }) => description,
    Enum: (property) => GoSlice.from<unknown>(property.enum ?? null, fromJson),
    Properties: ({ properties }) => nestedType.of(properties ?? null),
    Required: ({ required }) => strings(required),
  },
  { json: encodeProperty, methods: { ToTypeScriptType: typeScriptType } },
);

const propertyListType: GoType<GoSlice> = { name: "[]api.ToolProperty" };

const propertiesType: GoMapType = {
  name: "template.templateProperties",
  // A missing map prints as an empty one, but is null inside JSON.
  string: (value) => (value.isNil ? "{}" : goJson(value)),
  zero: () => propertyType.of({}),
  holdsAny: false,
};

const typeNamesType: GoType<GoSlice> = {
  name: "api.PropertyType",
  string: (value) => {
    if (value.length === 0) return "";
    const names = [...value].join(" ");
    return value.length === 1 ? names : `[${names}]`;
  },
  json: (value) => (value.length === 1 ? goJson(value.at(0)) : `[${[...value].map(goJson).join(",")}]`),
};

type Properties = Readonly<Record<string, ToolProperty>>;

/** A nested map keeps its order in Go behind a type that shows nothing but methods. */
const nestedType: GoStructType<Properties> = /* @__PURE__ */ new GoStructType<Properties>(
  "api.ToolPropertiesMap",
  {},
  {
    isPointer: true,
    json: encodeProperties,
    methods: {
      Len: (properties) => Object.keys(properties).length,
      ToMap: (properties) =>
        GoMap.from(properties, (property) => propertyType.of(property), {
          name: "map[string]api.ToolProperty",
          zero: () => propertyType.of({}),
          holdsAny: false,
        }),
    },
  },
);

function typeNames(type: string | readonly string[]): readonly string[] {
  return typeof type === "string" ? [type] : type;
}

function strings(values: readonly string[] | null | undefined): GoSlice {
  return new GoSlice(values ?? null, stringsType);
}

function encodeTool(tool: Tool): string {
  return joinObject([
    ["type", goJsonString(tool.type)],
    ...optional("items", tool.items),
    ["function", encodeFunction(tool.function)],
  ]);
}

function encodeFunction({ name, description = "", parameters = noParameters }: Tool["function"]): string {
  return joinObject([
    ["name", goJsonString(name)],
    ["description", goJsonString(description)],
    ["parameters", encodeParameters(parameters)],
  ]);
}

function encodeParameters(parameters: ToolParameters): string {
  const { type, items, required, properties } = parameters;
  // The outermost properties are a map, written with sorted keys; nested ones keep their order.
  const names = Object.keys(properties ?? {}).sort(compareBytes);
  const members = names.map((name) => [name, encodeProperty(properties?.[name] ?? {})] as const);
  return joinObject([
    ["type", goJsonString(type)],
    ...optional("$defs", parameters.$defs),
    ...optional("items", items),
    ...optional("required", required?.length ? required : undefined),
    ["properties", properties === null || properties === undefined ? "null" : joinObject(members)],
  ]);
}

function encodeProperty(property: ToolProperty): string {
  const { anyOf, type, items, description, properties, required } = property;
  const members: (readonly [string, string])[] = [];
  if (anyOf?.length) members.push(["anyOf", `[${anyOf.map(encodeProperty).join(",")}]`]);
  if (type?.length) members.push(["type", encodeType(type)]);
  members.push(...optional("items", items));
  if (description) members.push(["description", goJsonString(description)]);
  members.push(...optional("enum", property.enum?.length ? property.enum : undefined));
  if (properties !== undefined && properties !== null)
    members.push(["properties", encodeProperties(properties)]);
  members.push(...optional("required", required?.length ? required : undefined));
  return joinObject(members);
}

function encodeProperties(properties: Properties): string {
  return joinObject(Object.entries(properties).map(([name, property]) => [name, encodeProperty(property)]));
}

function encodeType(type: string | readonly string[]): string {
  const [only, second] = typeNames(type);
  return second === undefined ? goJsonString(only ?? "") : goJsonAny(type);
}

/**
 * A property's type in TypeScript's words, as tool prompts of some families have it.
 * @source ollama api/types.go ToTypeScriptType
 */
function typeScriptType(property: ToolProperty): string {
  if (property.anyOf?.length) return property.anyOf.map(typeScriptType).join(" | ");
  const names = property.type === undefined ? [] : typeNames(property.type);
  return names.length === 0 ? "any" : names.map((name) => typeScriptNames.get(name) ?? "any").join(" | ");
}

const typeScriptNames: ReadonlyMap<string, string> = new Map([
  ["string", "string"],
  ["boolean", "boolean"],
  ["number", "number"],
  ["integer", "number"],
  ["array", "any[]"],
  ["object", "Record<string, any>"],
  ["null", "null"],
]);

function optional(name: string, value: unknown): readonly (readonly [string, string])[] {
  return value === undefined || value === null ? [] : [[name, goJsonAny(value)]];
}
