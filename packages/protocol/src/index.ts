export {
  blobFileName,
  type Digest,
  digestHex,
  digestOfHex,
  parseDigest,
  tryParseDigest,
} from "./digest.ts";
export { parseDuration, printDuration } from "./duration.ts";
export type * from "./endpoints/generation.ts";
export type * from "./endpoints/models.ts";
export type * from "./endpoints/puna.ts";
export { CodedError, errorBrand, type WireError } from "./errors.ts";
export { escapeGoJson } from "./escape-go-json.ts";
export { printBinaryBytes, printBytes, printCount } from "./human-size.ts";
export { orderedRecord, parseOrderedJson } from "./json/ordered-record.ts";
export { keepAliveForever, parseKeepAlive, parseKeepAliveSetting, printKeepAlive } from "./keep-alive.ts";
export type { Message, ThinkValue, ToolCall } from "./message.ts";
export { isNamespace, ModelName, type ModelNameParts } from "./model-name.ts";
export {
  type ModelReference,
  type ModelSource,
  parseModelReference,
  parsePullName,
} from "./model-reference.ts";
export type { LoadOptions, Options, SamplingOptions } from "./options.ts";
export { parseFormat } from "./parse-format.ts";
export { checkOptionRanges, type ParsedOptions, parseOptions } from "./parse-options.ts";
export { ProtocolError, type ProtocolErrorCode } from "./protocol-error.ts";
export { escapeGoCharacter, quoteGo } from "./quote-go.ts";
export type { Tool, ToolParameters, ToolProperty } from "./tool.ts";
