import { randomInt, randomUUID } from "node:crypto";

/** `chatcmpl-…`, `cmpl-…`: unique enough to find a request again in a log. */
export function newId(prefix: string): string {
  return `${prefix}-${randomUUID().replaceAll("-", "").slice(0, 24)}`;
}

/** `resp_123456`, `msg_123456`: what the Responses route calls its things. */
export function newNumberedId(prefix: string): string {
  return `${prefix}_${randomInt(2 ** 47)}`;
}
