import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { expect, test } from "vitest";
import { pull } from "../src/index.ts";
import { publishModel, startLoopbackRegistry } from "../src/testing/index.ts";
import { messageOf, outcome } from "./support.ts";

async function errorOfPull({ host }: { readonly host: string }): Promise<unknown> {
  await using temporary = await openTemporaryStore();
  const name = ModelName.parse(`${host}/library/m`);
  return (await outcome(pull({ name, store: temporary.store, insecure: true }))).error;
}

test.each([
  [404, "file does not exist"],
  [403, "403: "],
])("believes a registry that says %i of a blob before it is fetched", async (status, text) => {
  await using registry = await startLoopbackRegistry({
    intercept: ({ method }, response) => method === "HEAD" && response.writeHead(status).end() !== undefined,
  });
  publishModel(registry, Buffer.from("weights"));
  const error = await errorOfPull(registry);
  expect(messageOf(error)).toBe(text);
  expect(registry.seen.map(({ method }) => method)).toEqual(["GET", "HEAD"]);
});

test.each([405, 500])("fetches a blob all the same where HEAD is answered with %i", async (status) => {
  await using registry = await startLoopbackRegistry({
    intercept: ({ method }, response) => method === "HEAD" && response.writeHead(status).end() !== undefined,
  });
  publishModel(registry, Buffer.from("weights"));
  const error = await errorOfPull(registry);
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
  const error = await errorOfPull(registry);
  expect(messageOf(error)).toBe(
    `pull model manifest: realm host "" does not match original host "${registry.host}"`,
  );
});
