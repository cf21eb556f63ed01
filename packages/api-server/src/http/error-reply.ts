import { type ApiFailure, toApiFailure } from "./error-status.ts";
import { contentTypes, jsonLineReply, jsonReply } from "./json-reply.ts";
import type { Reply } from "./reply.ts";
import type { Family } from "./route.ts";

/** An error in the words of one family. */
export function toErrorBody(family: Family, failure: ApiFailure, requestId: string): object {
  switch (family) {
    case "ollama":
      return { error: failure.message };
    case "openai":
      return {
        error: { message: failure.message, type: openAiType(failure.status), param: null, code: null },
      };
    case "anthropic":
      return {
        type: "error",
        error: { type: anthropicType(failure.status), message: failure.message },
        request_id: requestId,
      };
    default:
      return family satisfies never;
  }
}

/** The answer to a request that failed before any byte of its reply was sent. */
export function errorReply(error: unknown, family: Family, requestId: string): Reply {
  const failure = toApiFailure(error);
  const body = toErrorBody(family, failure, requestId);
  return family === "ollama" ? jsonReply(body, failure.status) : jsonLineReply(body, failure.status);
}

/** Where Ollama would have streamed and failed at once, it leaves the charset out. */
export function streamErrorReply(error: unknown): Reply {
  const failure = toApiFailure(error);
  return jsonReply({ error: failure.message }, failure.status, contentTypes.bareJson);
}

/** Errors of the compatible routes that come before the request is understood. */
export function earlyErrorReply(error: unknown, family: Family, requestId: string): Reply {
  const failure = toApiFailure(error);
  return jsonReply(toErrorBody(family, failure, requestId), failure.status);
}

function openAiType(status: number): string {
  if (status === 400) return "invalid_request_error";
  return status === 404 ? "not_found_error" : "api_error";
}

const anthropicTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
  529: "overloaded_error",
};

function anthropicType(status: number): string {
  return anthropicTypes[status] ?? "api_error";
}
