import { createHash } from "node:crypto";
import { openStore } from "@puna/blob-store";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { createScriptedEngine } from "@puna/engine/testing";
import { encodeGguf } from "@puna/model-format/gguf";
import { expect, it } from "vitest";
import { createServer } from "../src/index.ts";

const weights = encodeGguf({
  entries: [{ key: "general.architecture", type: "string", value: "llama" }],
  tensors: [{ name: "token_embd.weight", type: "F32", shape: [32], data: new Uint8Array(128) }],
});
const digest = `sha256:${createHash("sha256").update(weights).digest("hex")}`;

it.each([
  ["uploaded", "POST"],
  ["found to be there", "HEAD"],
])("a blob that was %s waits for its create, whatever other programs prune", async (_what, method) => {
  await using temporary = await openTemporaryStore();
  const { store } = temporary;
  await using engine = createScriptedEngine({ answer: () => ({ pieces: [] }) });
  const nothing = async function* () {};
  await using server = createServer({
    store,
    engine,
    registry: { pull: nothing, push: nothing, restore: nothing },
    version: "0",
  });
  await using other = openStore({ modelsDir: store.layout.modelsDir });
  if (method === "HEAD") await store.blobs.putBytes(weights);
  const body = method === "POST" ? { body: weights } : {};
  expect((await server.request(`/api/blobs/${digest}`, { method, ...body })).ok).toBe(true);
  expect((await other.prune({ minAgeMs: -1000 })).kept.length).toBe(1);
  const created = await server.request("/api/create", {
    method: "POST",
    body: JSON.stringify({ model: "m", files: { "m.gguf": digest }, stream: false }),
  });
  expect(await created.json()).toEqual({ status: "success" });
  const deleted = await server.request("/api/delete", {
    method: "DELETE",
    body: JSON.stringify({ model: "m" }),
  });
  expect(deleted.ok).toBe(true);
  expect(await store.blobs.has(digest)).toBe(false);
});
