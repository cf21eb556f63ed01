import type { ToolCall } from "@puna/protocol";
import { goPrint } from "./go-print.ts";
import { goJson, objectEntries } from "./ordered-json.ts";

/**
 * How models of the Qwen3-Coder school are told to call tools.
 * @source chat template of Qwen3-Coder, Qwen3.5 and Nemotron 3
 */
export const xmlCallInstructions = `If you choose to call a function ONLY reply in the following format with NO suffix:

<tool_call>
<function=example_function_name>
<parameter=example_parameter_1>
value_1
</parameter>
<parameter=example_parameter_2>
This is the value for the second parameter
that can span
multiple lines
</parameter>
</function>
</tool_call>

<IMPORTANT>
Reminder:
- Function calls MUST follow the specified format: an inner <function=...></function> block must be nested within <tool_call></tool_call> XML tags
- Required parameters MUST be specified
- You may provide optional reasoning for your function call in natural language BEFORE the function call, but NOT after
- If there is no function call available, answer the question like normal with your current knowledge and do not tell the user about function calls
</IMPORTANT>`;

/** One call, a line per tag, without a line feed at the end. */
export function xmlCall(call: ToolCall, printValue: (value: unknown) => string = xmlValue): string {
  const parameters = Object.entries(call.function.arguments).map(
    ([name, value]) => `<parameter=${name}>\n${printValue(value)}\n</parameter>\n`,
  );
  return `<tool_call>\n<function=${call.function.name}>\n${parameters.join("")}</function>\n</tool_call>`;
}

/** Text as it is, objects and arrays as compact JSON, other scalars as Go prints them. */
function xmlValue(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "null";
  return Array.isArray(value) || objectEntries(value) !== undefined ? goJson(value) : goPrint(value);
}
