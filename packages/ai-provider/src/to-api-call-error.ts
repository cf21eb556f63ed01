import { APICallError } from "@ai-sdk/provider";
import { PunaError } from "@puna/sdk";

/**
 * The AI SDK's own error for what the client reports, so that its retries and handlers know it; the `PunaError` is
 * its `cause`. Anything else, such as the reason of an abort, stays what it is.
 */
export function toApiCallError(error: unknown, path: string, request: object): unknown {
  if (!PunaError.is(error) || error.code === "INVALID_INPUT") return error;
  const { status, code, message } = error;
  const { model } = { model: undefined, ...request };
  return new APICallError({
    message,
    url: path,
    // Prompts stay out of errors, which end up in logs.
    requestBodyValues: { model },
    ...(status !== undefined && { statusCode: status }),
    cause: error,
    isRetryable: code === "BUSY" || code === "CONNECTION_FAILED" || status === 502 || status === 504,
  });
}
