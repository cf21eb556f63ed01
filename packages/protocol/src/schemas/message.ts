import * as z from "zod";
import { images } from "./fields.ts";
import { goInt, goList, goString, goStruct, goText, isObject } from "./go-types.ts";

// Go reads arguments with an ordered-map library, whose text for anything but an object this is.
const toolArguments = z.custom<Record<string, unknown>>(isObject, {
  error: "Value looks like object, but can't find closing '}' symbol",
});

const toolCall = goStruct(
  {
    id: goString.exactOptional(),
    function: goStruct(
      { index: goInt.exactOptional(), name: goText, arguments: toolArguments.default(() => ({})) },
      "api.ToolCallFunction",
    ).default(() => ({ name: "", arguments: {} })),
  },
  "api.ToolCall",
);

const messageSchema = goStruct(
  {
    role: goText.transform((role) => role.toLowerCase()),
    content: goText,
    thinking: goString.exactOptional(),
    images: images.exactOptional(),
    tool_calls: goList(toolCall, "[]api.ToolCall").exactOptional(),
    tool_name: goString.exactOptional(),
    tool_call_id: goString.exactOptional(),
  },
  "api.Alias",
  { decodesItself: true },
);

export const messages = goList(messageSchema, "[]api.Message");

/**
 * Messages that a model brings along. Models come from registries too: what is no message as requests send it is
 * read as far as role and content go.
 */
export function parseStoredMessages(value: unknown): readonly z.output<typeof messageSchema>[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).map((message) => {
    const parsed = messageSchema.safeParse(message);
    if (parsed.success) return parsed.data;
    const { role, content } = message;
    return {
      role: typeof role === "string" ? role.toLowerCase() : "",
      content: typeof content === "string" ? content : "",
    };
  });
}
