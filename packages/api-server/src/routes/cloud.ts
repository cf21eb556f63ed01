import { ApiError } from "../errors.ts";
import { jsonResponse } from "../http/json-response.ts";
import type { Route } from "../http/route.ts";
import { cloudDisabled } from "../models/find-model.ts";

/** Routes of Ollama's cloud. This server has no account anywhere and forwards nothing. */
export function cloudRoutes(): Route[] {
  const refuse = (method: Route["method"], path: string, error: () => ApiError): Route => ({
    method,
    path,
    verb: "admin",
    family: "ollama",
    handle() {
      throw error();
    },
  });
  const noAccount = () => new ApiError("UNAVAILABLE", "account unavailable");
  const noSession = () => new ApiError("INTERNAL", "there was an error signing out");
  return [
    refuse("POST", "/api/me", noAccount),
    refuse("POST", "/api/signout", noSession),
    refuse("DELETE", "/api/user/keys/:encodedKey", noSession),
    refuse("POST", "/api/experimental/web_search", () => cloudDisabled("web search is unavailable")),
    refuse("POST", "/api/experimental/web_fetch", () => cloudDisabled("web fetch is unavailable")),
    {
      method: "GET",
      path: "/api/experimental/model-recommendations",
      verb: "open",
      family: "ollama",
      handle: () => jsonResponse({ recommendations: [] }),
    },
  ];
}
