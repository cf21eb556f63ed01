import type { ApiKeyRecord } from "../http/api-keys.ts";
import { jsonResponse } from "../http/json-response.ts";
import type { Route } from "../http/route.ts";

/** What keys there are and what they allow; the keys themselves are known to nobody here. */
export function keysRoute(records: readonly ApiKeyRecord[]): Route {
  return {
    method: "GET",
    path: "/api/puna/keys",
    verb: "admin",
    family: "ollama",
    handle: () =>
      jsonResponse({
        keys: records.map(({ name, scopes, models, requestsPerMinute }) => ({
          name,
          scopes,
          ...(models !== undefined && { models }),
          ...(requestsPerMinute !== undefined && { requests_per_minute: requestsPerMinute }),
        })),
      }),
  };
}
