import { describe, expect, it } from "vitest";
import { emptyReply } from "./json-reply.ts";
import type { Route } from "./route.ts";
import { RouteTable } from "./route-table.ts";

function route(method: Route["method"], path: string, rest: Partial<Route> = {}): Route {
  return { method, path, verb: "open", family: "ollama", handle: () => emptyReply(), ...rest };
}

const table = new RouteTable([
  route("GET", "/api/tags", { withHead: true }),
  route("POST", "/api/chat"),
  route("POST", "/api/blobs/:digest", { head: async () => emptyReply() }),
  route("GET", "/v1/models/:model"),
  route("GET", "/v1/models"),
]);

describe("RouteTable", () => {
  it("finds routes and decodes their parameters", () => {
    expect(table.match("GET", "/v1/models/bad%20name")).toMatchObject({
      type: "found",
      params: { model: "bad name" },
    });
    expect(table.match("HEAD", "/api/blobs/sha256:abc")).toMatchObject({ type: "found" });
  });

  it.each([
    ["PUT", "/api/tags", "HEAD, GET"],
    ["GET", "/api/chat", "POST"],
    ["HEAD", "/v1/models", "GET"],
    ["GET", "/api/blobs/x", "HEAD, POST"],
  ])("tells %s %s which methods there are", (method, path, allow) => {
    expect(table.match(method, path)).toEqual({ type: "wrong-method", allow });
  });

  it.each([
    ["GET", "/api/tags/", 301, "/api/tags"],
    ["POST", "/api/chat/", 307, "/api/chat"],
    ["GET", "//api/tags", 307, "/api/tags"],
  ])("sends %s %s on", (method, path, status, location) => {
    expect(table.match(method, path)).toEqual({ type: "redirect", status, location });
  });

  it.each(["/api/blobs/..%2f..%2fetc", "/api/blobs/", "/nothing", "/v1/models/a/b", "/api/%ff"])(
    "knows nothing of %s",
    (path) => {
      expect(table.match("POST", path)).toEqual({ type: "unknown" });
    },
  );
});
