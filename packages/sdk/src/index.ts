import { Puna } from "./client.ts";

export type { AgentRun } from "./agent/agent-run.ts";
export { type AgentTool, defineTool, type ParametersInput, type ToolContext } from "./agent/define-tool.ts";
export type { AgentEvent, AgentResult, StopReason } from "./agent/events.ts";
export type { AgentRequest } from "./agent/run-agent.ts";
export type { Blobs } from "./blobs.ts";
export { Puna, Puna as Ollama, type PunaOptions, type PunaOptions as Config } from "./client.ts";
export { cosineSimilarity, findNearest } from "./embeddings.ts";
export { PunaError, type PunaErrorCode } from "./errors.ts";
export type { InferJsonSchema } from "./infer-json-schema.ts";
export type { ParsedAtEnd, WithParsedAtEnd } from "./parsed-at-end.ts";
export { AbortableAsyncIterator } from "./stream.ts";
export type { FormatInput, StandardSchema, WithParsed } from "./structured-output.ts";
export type { CallOptions } from "./transport.ts";
export type * from "./types.ts";

/** A client of the server on this machine, as the default export of `ollama` is one. */
export default /* @__PURE__ */ new Puna();
