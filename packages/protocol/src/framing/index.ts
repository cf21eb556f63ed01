export type { ByteStream } from "./byte-stream.ts";
export { defaultMaxLineBytes, type LineOptions } from "./lines.ts";
export { decodeNdjson, encodeNdjson } from "./ndjson.ts";
export { decodeSse, encodeSse, type ServerSentEvent } from "./sse.ts";
