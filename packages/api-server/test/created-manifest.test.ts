import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ListResponse } from "@puna/protocol";
import { expect, it } from "vitest";
import { openTestServer } from "./support/test-server.ts";

const folder =
  process.env["PUNA_VECTORS"] ?? fileURLToPath(new URL("../../../../shared/vectors", import.meta.url));
const file = `${folder}/http/fixtures/tiny.gguf`;
const isThere = existsSync(file);
if (!isThere && process.env["CI"] === "true") throw new Error(`No ${file}; set PUNA_VECTORS to its folder`);
if (!isThere) console.log(`skipped: no ${file}`);

// The id that Ollama's `list` shows (0.0.0 of August 2026, a quantizer that copies) is the digest of the manifest's
// bytes, so it covers every layer, its order and its encoding.
it.skipIf(!isThere)("a created manifest is that of Ollama, byte for byte", async () => {
  await using test = await openTestServer();
  const bytes = new Uint8Array(readFileSync(file));
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  await test.server.request(`/api/blobs/${digest}`, { method: "POST", body: bytes });
  const response = await test.post("/api/create", {
    model: "made",
    files: { "tiny.gguf": digest },
    template: "{{ .Prompt }}",
    system: "be kind",
    parameters: { temperature: 0.5 },
    license: ["MIT"],
    stream: false,
  });
  expect(await response.json()).toMatchObject({ status: "success" });
  // The wire's own words, checked by the tests of that route.
  const { models } = (await (await test.server.request("/api/tags")).json()) as ListResponse;
  expect(models.find(({ name }) => name === "made:latest")?.digest).toMatch(/^c5144f8a5f1c/);
});
