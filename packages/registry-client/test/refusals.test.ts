import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { expect, test } from "vitest";
import { pull } from "../src/index.ts";
import { publishModel, startLoopbackRegistry } from "../src/testing/index.ts";
import { messageOf, outcome } from "./support.ts";

test.each([
  [404, "file does not exist"],
  [403, "403: "],
])("believes a registry that says %i of a blob before it is fetched", async (status, text) => {
  await using registry = await startLoopbackRegistry({
    intercept: ({ method }, response) => method === "HEAD" && response.writeHead(status).end() !== undefined,
  });
  await using temporary = await openTemporaryStore();
  publishModel(registry, Buffer.from("weights"));
  const name = ModelName.parse(`${registry.host}/library/m`);
  const { error } = await outcome(pull({ name, store: temporary.store, insecure: true }));
  expect(messageOf(error)).toBe(text);
  expect(registry.seen.map(({ method }) => method)).toEqual(["GET", "HEAD"]);
});

test.each([405, 500])("fetches a blob all the same where HEAD is answered with %i", async (status) => {
  await using registry = await startLoopbackRegistry({
    intercept: ({ method }, response) => method === "HEAD" && response.writeHead(status).end() !== undefined,
  });
  await using temporary = await openTemporaryStore();
  publishModel(registry, Buffer.from("weights"));
  const name = ModelName.parse(`${registry.host}/library/m`);
  const { error } = await outcome(pull({ name, store: temporary.store, insecure: true }));
  expect(error).toBeUndefined();
});

test.each([
  undefined,
  'Basic realm="x"',
  'Bearer service="s"',
  'Bearer realm="/token",service="s",scope="x"',
])("says of a 401 with the challenge %j that it names no place on the registry's host", async (challenge) => {
  await using registry = await startLoopbackRegistry({
    intercept: (_request, response) =>
      response.writeHead(401, challenge === undefined ? {} : { "www-authenticate": challenge }).end() !==
      undefined,
  });
  await using temporary = await openTemporaryStore();
  const name = ModelName.parse(`${registry.host}/library/m`);
  const { error } = await outcome(pull({ name, store: temporary.store, insecure: true }));
  expect(messageOf(error)).toBe(
    `pull model manifest: realm host "" does not match original host "${registry.host}"`,
  );
});
