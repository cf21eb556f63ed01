export type * from "./endpoints/generation.ts";
export type * from "./endpoints/models.ts";
export { CodedError, errorBrand, type WireError } from "./errors.ts";
export type { Message, ThinkValue, ToolCall } from "./message.ts";
export type { LoadOptions, Options, SamplingOptions } from "./options.ts";
export type { Tool, ToolParameters, ToolProperty } from "./tool.ts";
