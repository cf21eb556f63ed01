import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, it } from "vitest";
import { openTestServer } from "./support/test-server.ts";

it("is described by valid OpenAPI 3.1, every own route included", async () => {
  await using test = await openTestServer();
  const description = (await (await test.server.request("/openapi.json")).json()) as {
    openapi: string;
    paths: Record<string, unknown>;
  };
  const validator = new Validator();
  const result = await validator.validate(structuredClone(description));
  expect([result.errors, result.valid, validator.version]).toEqual([undefined, true, "3.1"]);
  for (const path of ["/api/puna/devices", "/api/puna/keys/{name}", "/api/blobs/{digest}", "/v1/messages"]) {
    expect(description.paths).toHaveProperty([path]);
  }
});
