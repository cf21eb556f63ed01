import { ApiError, badRequest } from "../errors.ts";
import { jsonReply } from "../http/json-reply.ts";
import { readBody } from "../http/read-body.ts";
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
  const search = (name: string, refusal: string): Route => ({
    method: "POST",
    path: `/api/experimental/${name}`,
    verb: "admin",
    family: "ollama",
    async handle(context) {
      const body = await readBody(context.request, context.maxBodyBytes);
      if (Buffer.from(body).toString().trim() === "") throw badRequest("missing request body");
      throw cloudDisabled(refusal);
    },
  });
  const noAccount = () => new ApiError("UNAVAILABLE", "account unavailable");
  const noSession = () => new ApiError("UNAVAILABLE", "there was an error signing out");
  return [
    refuse("POST", "/api/me", noAccount),
    refuse("POST", "/api/signout", noSession),
    refuse("DELETE", "/api/user/keys/:encodedKey", noSession),
    search("web_search", "web search is unavailable"),
    search("web_fetch", "web fetch is unavailable"),
    {
      method: "GET",
      path: "/api/experimental/model-recommendations",
      verb: "open",
      family: "ollama",
      handle: () => jsonReply({ recommendations: [] }),
    },
  ];
}
