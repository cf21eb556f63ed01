import { STATUS_CODES } from "node:http";
import { PunaError } from "@puna/sdk";
import { CliError } from "../errors.ts";

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
    const line = `${error.status} ${STATUS_CODES[error.status] ?? ""}`.trimEnd();
    throw new CliError("SERVER", `${line}: ${error.message}`, { cause: error });
  }
}
