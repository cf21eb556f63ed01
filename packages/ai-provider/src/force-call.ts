import type { CallOptions, ChatRequest, ChatResponse, Puna, ToolCall } from "@puna/sdk";

type StreamedRequest = ChatRequest & { readonly stream: true };
type Tools = NonNullable<ChatRequest["tools"]>;

/**
 * The pieces of an answer that is a call of one of the tools. `/api/chat` has no word for that, so the answer is bound
 * to the shape of a call by its format and read here, unless the server already read it.
 */
export async function* forceCall(
  client: Puna,
  request: StreamedRequest & { readonly tools: Tools },
  options: CallOptions,
): AsyncGenerator<ChatResponse> {
  let text = "";
  let callCount = 0;
  const format = formatOfCalls(request.tools);
  for await (const chunk of await client.chat({ ...request, format }, options)) {
    const { content, ...message } = chunk.message;
    text += content;
    callCount += message.tool_calls?.length ?? 0;
    const call = chunk.done && callCount === 0 ? readCall(text) : undefined;
    // A call that was cut off at a limit is shown as what it is: text.
    const isBroken = chunk.done && callCount === 0 && call === undefined;
    yield {
      ...chunk,
      message: { ...message, content: isBroken ? text : "", ...(call && { tool_calls: [call] }) },
    };
  }
}

function formatOfCalls(tools: Tools): Readonly<Record<string, unknown>> {
  const calls = tools.map(({ function: { name, parameters = {} } }, index) => {
    const { $schema: _schema, ...rest } = parameters;
    return {
      type: "object",
      // A document of its own: references in it count from there, and not from the root of them all.
      properties: { name: { const: name }, arguments: { $id: `tool-${index}`, ...rest } },
      required: ["name", "arguments"],
      additionalProperties: false,
    };
  });
  return calls.length === 1 ? { ...calls[0] } : { anyOf: calls };
}

function readCall(text: string): ToolCall | undefined {
  try {
    const { name, arguments: given }: { name?: unknown; arguments?: unknown } = JSON.parse(text);
    if (typeof name !== "string" || typeof given !== "object" || given === null) return undefined;
    return { function: { name, arguments: { ...given } } };
  } catch {
    return undefined;
  }
}
