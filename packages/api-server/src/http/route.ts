import type { RequestScope } from "../services/generation-request.ts";
import type { ApiRequest } from "./api-request.ts";
import type { Reply } from "./reply.ts";

/** What a key must allow to use a route. `open` routes tell nothing that a stranger may not know. */
export type Verb = "open" | "infer" | "embed" | "manage" | "admin";

/** Whose words an error is told in. */
export type Family = "ollama" | "openai" | "anthropic";

/** One request on its way through the server. */
export interface RequestContext extends RequestScope {
  readonly request: ApiRequest;
  /** Decoded values of the `:name` segments of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly id: string;
  /** Ends the work for this request; `signal` is its signal. */
  readonly abort: AbortController;
  readonly maxBodyBytes: number;
  /** @throws ApiError `FORBIDDEN` when the request's key is not for this model */
  requireModelAccess(model: string): void;
  /** Reports an error that came after the response had begun. */
  reportLate(error: unknown): void;
  /** The response goes on after it was returned. @returns to be called when it was sent whole, failed, or was given up */
  beginStream(): () => void;
}

export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** `:name` stands for one segment. */
  readonly path: string;
  /** HEAD is answered like GET, without the body. */
  readonly withHead?: boolean;
  /** HEAD has an answer of its own. */
  readonly head?: (context: RequestContext) => Promise<Reply>;
  readonly verb: Verb;
  readonly family: Family;
  /** For routes that more than one family asks: in whose words errors are told. */
  readonly familyOf?: (request: ApiRequest) => Family;
  handle(context: RequestContext): Promise<Reply> | Reply;
}
