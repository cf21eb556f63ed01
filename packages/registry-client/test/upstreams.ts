import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { expect } from "vitest";
import { createRegistryClient } from "../src/index.ts";
import { publishModel, startLoopbackRegistry } from "../src/testing/index.ts";
import { type DockerRegistry, haveDockerRegistry, startDockerRegistry } from "./docker-registry.ts";
import { outcome } from "./support.ts";

/** A registry with the model `library/m` in it. */
export interface Upstream extends AsyncDisposable {
  readonly port: number;
  readonly digest: string;
}

/** The registry made by hand, with the model in it. */
async function startHandmade(weights: Uint8Array): Promise<Upstream> {
  const registry = await startLoopbackRegistry();
  const { digest } = publishModel(registry, Buffer.from(weights));
  return {
    port: Number(registry.host.split(":")[1]),
    digest,
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

/** The real one, to which the same model is pushed. */
async function startReal(weights: Uint8Array): Promise<Upstream> {
  const registry: DockerRegistry = await startDockerRegistry();
  await using handmade = await startHandmade(weights);
  await using temporary = await openTemporaryStore();
  await using client = createRegistryClient({ store: temporary.store });
  const source = ModelName.parse(`127.0.0.1:${handmade.port}/library/m`);
  const target = ModelName.parse(`127.0.0.1:${registry.port}/library/m`);
  expect((await outcome(client.pull(source, { insecure: true }))).error).toBeUndefined();
  await temporary.store.manifests.copy(source, target);
  expect((await outcome(client.push(target, { insecure: true }))).error).toBeUndefined();
  return {
    port: registry.port,
    digest: handmade.digest,
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

/** How to start each registry that faults are tried with. */
export const upstreams = {
  "the registry made by hand": startHandmade,
  ...(haveDockerRegistry() && { "docker-registry": startReal }),
};
