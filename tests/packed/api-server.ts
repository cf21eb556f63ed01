import assert from "node:assert/strict";
import { ApiError, createServer, ollamaVersion } from "@puna/api-server";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { createScriptedEngine } from "@puna/engine/testing";
import { createRegistryClient } from "@puna/registry-client";

await using temporary = await openTemporaryStore();
const { store } = temporary;
await using engine = createScriptedEngine({ answer: () => ({ pieces: ["Hello."] }) });
await using registry = createRegistryClient({ store });
await using server = createServer({ store, engine, registry, version: "1.0.0" });

const version = await server.request("/api/version");
assert.deepEqual(await version.json(), { version: ollamaVersion, puna: "1.0.0" });
const models = await server.request("/v1/models");
assert.deepEqual(await models.json(), { object: "list", data: [] });
const refused = await server.request("/api/chat", { method: "POST", body: '{"model":"absent"}' });
assert.equal(refused.status, 404);
assert.equal(ApiError.is(new Error("not ours")), false);
console.log("ok");
