export { createServer, type PunaServer, type ServerOptions } from "./create-server.ts";
export type { Logger, Quantizer, ServerSettings } from "./dependencies.ts";
export { ApiError, type ApiErrorCode } from "./errors.ts";
export type { ApiKeyRecord } from "./http/api-keys.ts";
export type { BindAddress } from "./http/host-policy.ts";
export { isLoopback } from "./http/host-policy.ts";
export { ollamaVersion } from "./version.ts";
