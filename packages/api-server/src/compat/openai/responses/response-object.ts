import { isRecord } from "../../../models/stored-model.ts";
import { droppedNote } from "../../../services/dropped-note.ts";
import type { Usage } from "../from-chat-events.ts";
import type { ResponsesRequest, ResponsesTool } from "./schema.ts";

export type OutputItem = Readonly<Record<string, unknown>>;

export interface ResponseState {
  readonly id: string;
  readonly createdAt: number;
  readonly completedAt: number | null;
  readonly status: "in_progress" | "completed" | "incomplete" | "failed";
  readonly output: readonly OutputItem[];
  readonly usage: Usage | undefined;
  readonly droppedMessages?: number;
  /** Events name fields that one object leaves out. */
  readonly isStreamed?: boolean;
  readonly error?: { readonly code: string; readonly message: string };
}

/** The response object: what came out, and an echo of what was asked with OpenAI's defaults filled in. */
export function toResponseObject(request: ResponsesRequest, state: ResponseState) {
  return {
    id: state.id,
    object: "response",
    created_at: state.createdAt,
    completed_at: state.completedAt,
    status: state.status,
    incomplete_details: null,
    model: request.model ?? "",
    previous_response_id: request.previous_response_id ?? null,
    instructions: request.instructions || null,
    output: state.output,
    error: state.error ?? null,
    tools: (request.tools ?? []).map(echoTool),
    tool_choice: request.tool_choice ?? "auto",
    truncation: request.truncation ?? "disabled",
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    text:
      request.text?.format === undefined
        ? { format: { type: "text" } }
        : { ...request.text, format: { type: "", ...request.text.format } },
    top_p: request.top_p ?? 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    top_logprobs: 0,
    temperature: request.temperature ?? 1,
    reasoning: echoReasoning(request.reasoning, state.isStreamed ?? false),
    usage: state.usage === undefined ? null : toResponseUsage(state.usage),
    max_output_tokens: request.max_output_tokens ?? null,
    // Of what nobody heeds nothing is echoed.
    max_tool_calls: null,
    store: request.store ?? false,
    background: false,
    service_tier: "default",
    metadata: isRecord(request.metadata) ? request.metadata : {},
    safety_identifier: request.safety_identifier ?? null,
    prompt_cache_key: request.prompt_cache_key ?? null,
    ...droppedNote(state.droppedMessages ?? 0),
  };
}

/** What was left empty was not asked for. */
function echoReasoning(
  { effort = "", summary = "" }: ResponsesRequest["reasoning"] = {},
  isStreamed: boolean,
) {
  if (effort === "" && summary === "") return null;
  if (isStreamed) return { effort: effort || null, summary: summary || null };
  return { ...(effort !== "" && { effort }), ...(summary !== "" && { summary }) };
}

function echoTool(tool: ResponsesTool): Readonly<Record<string, unknown>> {
  const { type = "", name, description, strict, parameters, tools } = tool;
  return {
    type,
    name: name ?? "",
    description: description ?? null,
    strict: strict ?? null,
    parameters: parameters ?? null,
    ...(tools !== undefined && tools.length > 0 && { tools: tools.map(echoTool) }),
  };
}

function toResponseUsage(usage: Usage) {
  return {
    input_tokens: usage.prompt_tokens,
    output_tokens: usage.completion_tokens,
    total_tokens: usage.total_tokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  };
}
