import { PunaError } from "@puna/sdk";
import { CliError } from "../errors.ts";

/** Not Node's own table: importing `node:http` makes it load its `fetch`, which costs more than all the rest at start. */
const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Request Entity Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Entity",
  429: "Too Many Requests",
  499: "Client Closed Request",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  507: "Insufficient Storage",
};

/**
 * Opens a streamed request. Where the server refuses it before the first message, the error begins with the status
 * line, as Ollama's does for streams (and only for them): `400 Bad Request: "m" does not support thinking`.
 * @throws CliError `SERVER` with that text; anything else as it came
 */
export async function withStatusPrefix<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (!PunaError.is(error) || error.status === undefined) throw error;
    const line = `${error.status} ${reasons[error.status] ?? ""}`.trimEnd();
    throw new CliError("SERVER", `${line}: ${error.message}`, { cause: error });
  }
}

/** Whether the server has no such model; also where `withStatusPrefix` has reworded it. */
export function isNotFound(error: unknown): boolean {
  const cause = CliError.is(error) ? error.cause : error;
  return PunaError.is(cause) && cause.code === "NOT_FOUND";
}
