import type { Tool, ToolCall } from "@puna/protocol";
import { goPrint } from "./go-print.ts";
import { objectEntries, spacedJson, toolParametersValue } from "./ordered-json.ts";

/** Namespaces of the tools, in order: what stands before the first dot of a name. */
export function namespaces(tools: readonly Tool[]): readonly string[] {
  return [...new Set(tools.map((tool) => tool.function.name.split(".", 1)[0] ?? ""))];
}

/**
 * How tools are offered and called.
 * @source chat template of Glimmer
 */
export function glimmerToolOffer(tools: readonly Tool[]): string {
  const metadata = namespaces(tools).map((name) => json(namedEntry(name, "")));
  const schemas = tools.map((tool) => {
    const { name, description = "" } = tool.function;
    return json(namedEntry(name, description).set("parameters", toolParametersValue(tool)));
  });
  return `In this environment you have access to a set of tools you can use to answer the user's question.

You can invoke a function by writing a "<atem:function_calls>" block like the following:
<atem:function_calls>
<atem:invoke name="$FUNCTION_NAME">
<atem:parameter name="$PARAMETER_NAME">$PARAMETER_VALUE</atem:parameter>
...
</atem:invoke>
</atem:function_calls>

String and scalar parameters should be specified as is, while lists and objects should use JSON format. Note that spaces for string values are not stripped. The output is not expected to be valid XML and is parsed with regular expressions.
Here are the functions available in JSONSchema format:
// Tool metadata
${metadata.join("\n")}
// Function schemas
${schemas.join("\n")}

Here's an example of how to call a function in the tool set:
(If the tool namespace is not specified, invoke the function directly as \`example_function_name\` rather than \`example_tool_name.example_function_name\`)

to=example_tool_name.example_function_name

<atem:function_calls>
<atem:invoke name="example_tool_name.example_function_name">
<atem:parameter name="example_parameter_1">value_1</atem:parameter>
<atem:parameter name="example_parameter_2">This is the value for the second parameter
that can span
"multiple" lines
</atem:parameter>
</atem:invoke>
</atem:function_calls>`;
}

export function glimmerCall(call: ToolCall): string {
  const parameters = Object.entries(call.function.arguments).map(
    ([name, value]) => `<atem:parameter name="${name}">${parameterValue(value)}</atem:parameter>\n`,
  );
  return `<atem:function_calls>
<atem:invoke name="${call.function.name}">
${parameters.join("")}</atem:invoke>
</atem:function_calls>`;
}

function namedEntry(name: string, description: string): Map<string, unknown> {
  return new Map<string, unknown>([
    ["name", name],
    ["description", description],
  ]);
}

function parameterValue(value: unknown): string {
  if (value === null || value === undefined) return "null";
  return Array.isArray(value) || objectEntries(value) !== undefined ? json(value) : goPrint(value);
}

function json(value: unknown): string {
  return spacedJson(value, { escapeHtml: false });
}
