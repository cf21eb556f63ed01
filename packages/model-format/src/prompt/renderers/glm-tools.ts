import type { Tool, ToolCall } from "@puna/protocol";
import { goJson, spacedJson, toolValue } from "./ordered-json.ts";

/**
 * The system turn that offers tools to GLM models, or "" without any.
 * @source chat template of zai-org/GLM-4.7
 */
export function glmToolOffer(tools: readonly Tool[]): string {
  if (tools.length === 0) return "";
  const list = tools.map((tool) => `${spacedJson(toolValue(tool))}\n`).join("");
  return `<|system|>
# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
${list}</tools>

For each function call, output the function name and arguments within the following XML format:
<tool_call>{function-name}<arg_key>{arg-key-1}</arg_key><arg_value>{arg-value-1}</arg_value><arg_key>{arg-key-2}</arg_key><arg_value>{arg-value-2}</arg_value>...</tool_call>`;
}

/** A call on one line: text values as they are, others as compact JSON. */
export function glmCall(call: ToolCall): string {
  const pairs = Object.entries(call.function.arguments).map(([key, value]) => {
    const text = typeof value === "string" ? value : goJson(value);
    return `<arg_key>${key}</arg_key><arg_value>${text}</arg_value>`;
  });
  return `<tool_call>${call.function.name}${pairs.join("")}</tool_call>`;
}
