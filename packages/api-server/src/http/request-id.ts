import { randomFillSync } from "node:crypto";

const idBytes = 12;
/** Random bytes for many ids at once: asking for each would cost more than all else that a small request needs. */
const pool = Buffer.alloc(idBytes * 256);
let used = pool.length;

/** `req_` and 24 hex digits, the form of Anthropic's. */
export function newRequestId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const id = pool.toString("hex", used, used + idBytes);
  used += idBytes;
  return `req_${id}`;
}
