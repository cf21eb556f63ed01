import assert from "node:assert/strict";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { pull, RegistryError } from "@puna/registry-client";
import { publishModel, startLoopbackRegistry } from "@puna/registry-client/testing";

await using temporary = await openTemporaryStore();
await using registry = await startLoopbackRegistry();
publishModel(registry, new Uint8Array(300_000).fill(7), { repository: "library/gemma3", tag: "270m" });

const { store } = temporary;
const from = (name: string) => ({
  name: ModelName.parse(`${registry.host}/library/${name}`),
  store,
  insecure: true,
  policy: { trustedHosts: [registry.host] },
});
const states: string[] = [];
for await (const event of pull(from("gemma3:270m"))) states.push(event.status);
assert.equal(states[0], "pulling manifest");
assert.equal(states.at(-1), "success");
assert.equal((await store.manifests.list()).length, 1);

await assert.rejects(
  async () => {
    for await (const _ of pull({ ...from("absent"), retry: { attempts: 1 } }));
  },
  (error) => RegistryError.is(error) && error.code === "NOT_FOUND",
);
console.log("ok");
