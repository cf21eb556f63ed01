import { randomBytes } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { uniqueDescriptors } from "@puna/blob-store";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { createScriptedEngine } from "@puna/engine/testing";
import { ModelName } from "@puna/protocol";
import { createRegistryClient } from "@puna/registry-client";
import { publishModel, startLoopbackRegistry } from "@puna/registry-client/testing";
import { expect, it } from "vitest";
import { createServer } from "../src/index.ts";

/** A server whose store holds a model that was pulled from a registry on this machine. */
async function stage() {
  const registry = await startLoopbackRegistry();
  const temporary = await openTemporaryStore();
  const { store } = temporary;
  const weights = randomBytes(2_500_000);
  const published = publishModel(registry, weights);
  const client = createRegistryClient({ store, retry: { attempts: 2, baseMs: 1 } });
  const engine = createScriptedEngine({ answer: () => ({ pieces: [] }) });
  const server = createServer({ store, engine, registry: client, version: "1" });
  const name = ModelName.parse(`${registry.host}/library/m`);
  for await (const _event of client.pull(name, { insecure: true })) {
    // Only its end counts.
  }
  registry.seen.length = 0;
  return {
    registry,
    store,
    name,
    weights,
    published,
    async verify(body: object): Promise<Record<string, unknown>[]> {
      const response = await server.request("/api/puna/store/verify", {
        method: "POST",
        body: JSON.stringify(body),
      });
      const text = await response.text();
      return text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
      await client[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

it("repair fetches what is corrupt and what is missing again, and says so as it goes", async () => {
  await using scene = await stage();
  const { store, published, weights, name } = scene;
  const [, template] = uniqueDescriptors(published.manifest);
  const templatePath = store.blobs.path(template?.digest ?? "");
  const path = store.blobs.path(published.digest);
  await writeFile(path, Buffer.from(weights).fill(0, 1_000_000, 1_000_010));
  await rm(templatePath);

  const found = await scene.verify({});
  expect(found).toContainEqual(
    expect.objectContaining({
      digest: published.digest,
      ok: false,
      found: expect.any(String),
      models: [name.toShortString()],
    }),
  );
  expect(found).toContainEqual(
    expect.objectContaining({ digest: template?.digest, ok: false, models: [name.toShortString()] }),
  );
  expect(found.at(-1)).toMatchObject({ status: "damaged", damaged: 2, repaired: 0 });
  expect(scene.registry.seen).toEqual([]);

  // The name means another model by now: what is in the store is mended, not replaced.
  const before = await store.manifests.read(name);
  publishModel(scene.registry, randomBytes(1000));
  const lines = await scene.verify({ repair: true, insecure: true });
  expect(lines).toContainEqual({
    digest: published.digest,
    repaired: true,
    from: name.toShortString(),
  });
  expect(lines).toContainEqual({
    status: `pulling ${published.digest.slice(7, 19)}`,
    digest: published.digest,
    total: weights.length,
    completed: weights.length,
  });
  expect(lines.at(-1)).toMatchObject({ status: "success", checked: 2, damaged: 2, repaired: 2 });
  expect(weights.equals(await readFile(path))).toBe(true);
  expect(await readFile(templatePath, "utf8")).toBe("{{ .Prompt }}");
  expect(await store.manifests.read(name)).toEqual(before);
  expect((await scene.verify({})).at(-1)).toMatchObject({ status: "success", damaged: 0 });
});

it("a corrupt file stays as long as nobody has a better one", async () => {
  await using scene = await stage();
  const path = scene.store.blobs.path(scene.published.digest);
  await writeFile(path, "cut");
  scene.registry.blobs.delete(scene.published.digest);
  const lines = await scene.verify({ repair: true, insecure: true });
  expect(lines).toContainEqual({
    digest: scene.published.digest,
    repaired: false,
    reason: `${scene.name.toShortString()}: file does not exist`,
  });
  expect(lines.at(-1)).toMatchObject({ status: "damaged", damaged: 1, repaired: 0 });
  expect(await readFile(path, "utf8")).toBe("cut");
});

it("a model made here is mended from the model it was made of", async () => {
  await using scene = await stage();
  const { store, name, published, weights } = scene;
  const stored = await store.manifests.read(name);
  if (stored === undefined) throw new Error("the model was not pulled");
  const own = ModelName.parse("127.0.0.1:1/library/mine");
  const [weightsLayer, ...rest] = stored.manifest.layers;
  if (weightsLayer === undefined) throw new Error("the model has no layers");
  await store.manifests.write(own, {
    ...stored.manifest,
    layers: [{ ...weightsLayer, from: name.toString() }, ...rest],
  });
  // Another model of the same registry stays, without the weights.
  await store.manifests.write(name, { ...stored.manifest, layers: rest });
  await rm(store.blobs.path(published.digest));
  // Nobody answers at the address of its own name.
  const lines = await scene.verify({ repair: true, insecure: true });
  expect(lines).toContainEqual({ digest: published.digest, repaired: true, from: name.toShortString() });
  expect(weights.equals(await readFile(store.blobs.path(published.digest)))).toBe(true);
});

it("asks no host that only a manifest names", async () => {
  await using scene = await stage();
  const { store, name, published } = scene;
  const stored = await store.manifests.read(name);
  if (stored === undefined) throw new Error("the model was not pulled");
  const [weightsLayer, ...rest] = stored.manifest.layers;
  if (weightsLayer === undefined) throw new Error("the model has no layers");
  await store.manifests.write(ModelName.parse("127.0.0.1:1/library/mine"), {
    ...stored.manifest,
    layers: [{ ...weightsLayer, from: name.toString() }, ...rest],
  });
  await store.manifests.delete(name);
  await rm(store.blobs.path(published.digest));
  const lines = await scene.verify({ repair: true, insecure: true });
  expect(lines.at(-1)).toMatchObject({ status: "damaged", repaired: 0 });
  expect(scene.registry.seen).toEqual([]);
});

it("names unused files and manifests that cannot be read", async () => {
  await using scene = await stage();
  const { digest } = await scene.store.blobs.putText("nobody's");
  await writeFile(scene.store.layout.manifest(scene.name), "{");
  const lines = await scene.verify({});
  expect(lines).toContainEqual({ digest, size: 8, ok: true, orphaned: true });
  expect(lines[0]).toMatchObject({ manifest: scene.store.layout.manifest(scene.name), ok: false });
  expect(lines.at(-1)).toMatchObject({ status: "damaged", damaged: 1, orphaned: 4 });
});
