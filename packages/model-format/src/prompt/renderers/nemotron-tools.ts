import type { Tool, ToolProperty } from "@puna/protocol";
import { quote } from "../../go-template/quote.ts";
import { goPrint } from "./go-print.ts";
import {
  goJson,
  objectEntries,
  propertyTypes,
  propertyValue,
  toolParametersValue,
  toolProperties,
} from "./ordered-json.ts";
import { trimSpace } from "./trim-space.ts";
import { xmlCallInstructions } from "./xml-tool-calls.ts";

/**
 * Tools as XML-like elements with schema parts as Python would print them.
 * @source chat template of nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B
 */
export function nemotronToolOffer(tools: readonly Tool[]): string {
  const list = tools.map((tool) => `\n${toolElement(tool)}`).join("");
  return `# Tools\n\nYou have access to the following functions:\n\n<tools>${list}\n</tools>\n\n${xmlCallInstructions}`;
}

function toolElement(tool: Tool): string {
  const schema = toolParametersValue(tool);
  return [
    "<function>",
    element("name", tool.function.name),
    ...described(tool.function.description),
    "<parameters>",
    ...toolProperties(tool).map(([name, property]) => parameterElement(name, property)),
    ...elements(schema, ["$defs", "items"], templateValue),
    ...elements(schema, ["required"], pythonJson),
    "</parameters>",
    "</function>",
  ].join("\n");
}

function parameterElement(name: string, property: ToolProperty): string {
  const types = propertyTypes(property);
  const printed = types.length === 1 ? types[0] : `[${types.map((type) => `'${type}'`).join(", ")}]`;
  return [
    "<parameter>",
    element("name", name),
    ...(types.length > 0 ? [element("type", printed ?? "")] : []),
    ...described(property.description),
    ...elements(propertyValue(property), ["enum", "anyOf", "items", "properties", "required"], pythonJson),
    "</parameter>",
  ].join("\n");
}

function described(description: string | undefined): readonly string[] {
  return description ? [element("description", trimSpace(description))] : [];
}

/** One element for each key that the schema has. */
function elements(
  schema: ReadonlyMap<string, unknown>,
  keys: readonly string[],
  print: (value: unknown) => string,
): readonly string[] {
  const present = keys.filter((key) => schema.get(key) !== undefined);
  return present.map((key) => element(key, print(schema.get(key))));
}

function element(name: string, text: string): string {
  return `<${name}>${text}</${name}>`;
}

/** A value as the template prints it: JSON for objects and arrays, Python's `str` for the rest. */
export function templateValue(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  return Array.isArray(value) || objectEntries(value) !== undefined ? pythonJson(value) : goPrint(value);
}

/** JSON with spaces and unescaped markup; strings are quoted as Go does it. */
function pythonJson(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  const entries = objectEntries(value);
  if (entries === undefined) return goJson(value);
  return `{${entries.map(([key, item]) => `${quote(key)}: ${pythonJson(item)}`).join(", ")}}`;
}
