import type { Conversation } from "./conversation.ts";

/** The request that asks for the next message of a conversation. */
export function toChatRequest({ model, messages, options, format, keepAlive, think }: Conversation) {
  return {
    model,
    messages: [...messages],
    options,
    ...(format === undefined ? {} : { format }),
    ...(keepAlive === undefined ? {} : { keep_alive: keepAlive }),
    ...(think === undefined ? {} : { think }),
  };
}
