import type { LanguageModelV4CallOptions, SharedV4Warning } from "@ai-sdk/provider";
import type { ChatRequest } from "@puna/sdk";
import { mergeSettings, type PunaModelSettings } from "./model-settings.ts";
import { toMessages } from "./to-messages.ts";

type Tools = NonNullable<ChatRequest["tools"]>;

export interface PreparedChat {
  readonly request: ChatRequest & { readonly stream: true };
  /** Whether the answer has to be a call of one of the tools. */
  readonly mustCall: boolean;
  readonly warnings: SharedV4Warning[];
}

/** The request of `/api/chat` for a call of the AI SDK, and what of the call it cannot say. */
export function toChatRequest(
  model: string,
  ofModel: PunaModelSettings,
  call: LanguageModelV4CallOptions,
): PreparedChat {
  const { settings, unknownNames } = mergeSettings(ofModel, call.providerOptions);
  const warnings: SharedV4Warning[] = unknownNames.map((name) => ({
    type: "unsupported",
    feature: `providerOptions.puna.${name}`,
  }));
  const tools = toTools(call, warnings);
  const think = settings.think ?? toThink(call.reasoning);
  const format = call.responseFormat?.type === "json" ? (call.responseFormat.schema ?? "json") : undefined;
  const { keepAlive, truncate, shift } = settings;
  return {
    warnings,
    mustCall: call.toolChoice?.type === "required" || call.toolChoice?.type === "tool",
    request: {
      model,
      messages: toMessages(call.prompt),
      stream: true,
      options: { ...settings.options, ...toOptions(call) },
      ...(tools.length > 0 && { tools }),
      // Spread: the type of a JSON schema is closed, `format` takes any object.
      ...(format !== undefined && { format: typeof format === "string" ? format : { ...format } }),
      ...(think !== undefined && { think }),
      ...(keepAlive !== undefined && { keep_alive: keepAlive }),
      ...(truncate !== undefined && { truncate }),
      ...(shift !== undefined && { shift }),
    },
  };
}

function toOptions(call: LanguageModelV4CallOptions): NonNullable<ChatRequest["options"]> {
  return {
    ...(call.maxOutputTokens !== undefined && { num_predict: call.maxOutputTokens }),
    ...(call.temperature !== undefined && { temperature: call.temperature }),
    ...(call.topP !== undefined && { top_p: call.topP }),
    ...(call.topK !== undefined && { top_k: call.topK }),
    ...(call.presencePenalty !== undefined && { presence_penalty: call.presencePenalty }),
    ...(call.frequencyPenalty !== undefined && { frequency_penalty: call.frequencyPenalty }),
    ...(call.seed !== undefined && { seed: call.seed }),
    ...(call.stopSequences !== undefined && { stop: call.stopSequences }),
  };
}

function toThink(effort: LanguageModelV4CallOptions["reasoning"]): ChatRequest["think"] {
  switch (effort) {
    case undefined:
    case "provider-default":
      return undefined;
    case "none":
      return false;
    case "minimal":
    case "low":
      return "low";
    case "medium":
      return "medium";
    case "high":
      return "high";
    case "xhigh":
    case "max":
      return "max";
  }
}

function toTools({ tools = [], toolChoice }: LanguageModelV4CallOptions, warnings: SharedV4Warning[]): Tools {
  if (toolChoice?.type === "none") return [];
  const isOffered = (name: string) => toolChoice?.type !== "tool" || toolChoice.toolName === name;
  return tools.flatMap((tool) => {
    if (tool.type === "provider") {
      warnings.push({ type: "unsupported", feature: `provider-defined tool ${tool.id}` });
      return [];
    }
    if (!isOffered(tool.name)) return [];
    const { name, description, inputSchema } = tool;
    return [
      {
        type: "function",
        function: {
          name,
          ...(description !== undefined && { description }),
          // A tool's arguments are an object; JSON Schema's type would also allow a list of types here.
          parameters: { ...inputSchema, type: "object" },
        },
      },
    ];
  });
}
