import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ApiKeys } from "./api-keys.ts";
import { fromFetch } from "./api-request.ts";

const sha256 = (key: string) => createHash("sha256").update(key).digest("hex");
const requestWith = (headers: Record<string, string> = {}) =>
  fromFetch(new Request("http://x/", { headers }));
const withKey = (key: string) => requestWith({ authorization: `Bearer ${key}` });

describe("ApiKeys", () => {
  let nowMs = 0;
  const keys = new ApiKeys(
    [
      {
        name: "reader",
        sha256: sha256("r"),
        scopes: ["infer"],
        models: ["qwen*", "tiny"],
        requestsPerMinute: 2,
      },
      { name: "owner", sha256: sha256("o"), scopes: ["admin"] },
    ],
    () => nowMs,
  );

  it("asks for nothing when there are no keys", () => {
    expect(new ApiKeys([], () => 0).authorize(requestWith(), "manage")).toBeUndefined();
  });

  it("lets everyone use open routes", () => {
    expect(keys.authorize(requestWith(), "open")).toBeUndefined();
  });

  it.each([requestWith(), withKey("wrong"), withKey("")])("refuses unknown keys", (request) => {
    expect(() => keys.authorize(request, "infer")).toThrow(expect.objectContaining({ code: "UNAUTHORIZED" }));
  });

  it("knows which models a key is for", () => {
    const grant = keys.authorize(withKey("r"), "infer");
    expect(["qwen3:8b", "QWEN", "tiny", "tiny:latest"].map((model) => grant?.allowsModel(model))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(["tiny:7b", "llama"].map((model) => grant?.allowsModel(model))).toEqual([false, false]);
  });

  it("refuses what the key's scopes leave out, and admin covers all", () => {
    expect(() => keys.authorize(withKey("r"), "manage")).toThrow(
      expect.objectContaining({ code: "FORBIDDEN" }),
    );
    expect(keys.authorize(withKey("o"), "manage")?.name).toBe("owner");
  });

  it("takes Anthropic's header too", () => {
    expect(keys.authorize(requestWith({ "x-api-key": "o" }), "infer")?.name).toBe("owner");
  });

  it("limits requests per minute and refills with time", () => {
    nowMs = 120_000;
    keys.authorize(withKey("r"), "infer");
    keys.authorize(withKey("r"), "infer");
    expect(() => keys.authorize(withKey("r"), "infer")).toThrow(
      expect.objectContaining({ code: "TOO_MANY_REQUESTS" }),
    );
    nowMs += 30_000;
    expect(keys.authorize(withKey("r"), "infer")?.name).toBe("reader");
  });
});
