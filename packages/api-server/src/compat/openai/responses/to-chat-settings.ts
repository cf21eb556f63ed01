import { type Format, type Message, parseKeepAlive, type Tool } from "@puna/protocol";
import { badRequest } from "../../../errors.ts";
import type { ChatSettings } from "../../../services/generation-request.ts";
import { toThink, toTool, toToolChoice } from "../to-chat-settings.ts";
import type { ResponsesRequest, ResponsesTool } from "./schema.ts";

/**
 * One responses request in our words.
 * @param messages  what was said before (`previous_response_id`) and the request's own input
 * @throws ApiError `BAD_REQUEST`
 */
export function toChatSettings(
  request: ResponsesRequest,
  messages: readonly Message[],
  warn: (warning: string) => void,
): ChatSettings {
  const instructions: Message[] = request.instructions
    ? [{ role: "system", content: request.instructions }]
    : [];
  if (request.background === true)
    warn('"background" has no effect: the answer comes with the reply to this request');
  warnOfIncludes(request.include, warn);
  return {
    model: request.model ?? "",
    messages: [...instructions, ...messages],
    options: {
      temperature: request.temperature ?? 1,
      ...(request.top_p !== undefined && { top_p: request.top_p }),
      ...(request.max_output_tokens !== undefined && { num_predict: request.max_output_tokens }),
    },
    format: toFormat(request),
    think: toThink(request.reasoning?.effort),
    tools: (request.tools ?? []).flatMap((tool) => toTools(tool, warn)),
    toolChoice: toToolChoice(request.tool_choice),
    parallelToolCalls: request.parallel_tool_calls,
    keepAliveMs: parseKeepAlive(request.keep_alive),
  };
}

function inNamespace(space: string, name: string): string {
  return space === "" || name.startsWith(`${space}.`) ? name : `${space}.${name}`;
}

/** Thoughts come with every answer, and as plain text. */
const included = "reasoning.encrypted_content";

function warnOfIncludes(include: unknown, warn: (warning: string) => void): void {
  if (!Array.isArray(include)) return;
  for (const what of include) if (what !== included) warn(`include ${JSON.stringify(what)} has no effect`);
}

function toFormat(request: ResponsesRequest): Format | undefined {
  const format = request.text?.format;
  if (format?.type === "json_object") return "json";
  if (format?.type !== "json_schema") return undefined;
  const { schema } = format;
  if (typeof schema === "object" && schema !== null && !Array.isArray(schema)) return { ...schema };
  throw badRequest("text.format.schema: a JSON Schema object is required");
}

/** A `namespace` is a folder of functions; other kinds of tools would have to be run by the server. */
function toTools(tool: ResponsesTool, warn: (warning: string) => void): Tool[] {
  if (tool.type === "function") {
    const { name = "", description, parameters } = tool;
    return [
      toTool({
        type: "function",
        function: {
          name,
          ...(description !== undefined && { description }),
          ...(parameters !== undefined && { parameters }),
        },
      }),
    ];
  }
  if (tool.type === "namespace" && tool.tools !== undefined) {
    return tool.tools.flatMap((member) =>
      toTools({ ...member, type: "function", name: inNamespace(tool.name ?? "", member.name ?? "") }, warn),
    );
  }
  warn(`tools of type "${tool.type ?? ""}" are not run by this server and have no effect`);
  return [];
}
