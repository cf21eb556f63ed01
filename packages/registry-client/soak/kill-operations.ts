// What the crash soak does to a store, each operation as one call.
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mediaTypes, type Store } from "@puna/blob-store";
import { ModelName } from "@puna/protocol";
import { createRegistryClient } from "../src/index.ts";

export const operations = ["pull", "create", "copy", "delete", "prune", "import"] as const;
export type Operation = (typeof operations)[number];

export interface Surroundings {
  readonly store: Store;
  /** loopback registry with the model `library/m` */
  readonly host: string;
  /** folder outside the store, with `model.gguf` and `model.tar` */
  readonly folder: string;
}

export const base = ModelName.parse("base");
const created = ModelName.parse("created");
const copied = ModelName.parse("team/copied:v1");
export const pulledName = (host: string) => ModelName.parse(`${host}/library/m`);

/** Makes a store in which the operation has something to do. */
export async function prepare(operation: Operation, { store, host }: Surroundings): Promise<void> {
  const remove = async (name: ModelName) => {
    if ((await store.manifests.read(name)) !== undefined) await store.manifests.delete(name);
  };
  switch (operation) {
    case "pull":
      await remove(pulledName(host));
      return;
    case "create":
      await remove(created);
      return;
    case "copy":
      await remove(copied);
      return;
    case "delete":
      await remove(copied);
      await createFrom(store, copied, randomBytes(1000));
      return;
    case "prune": {
      await store.blobs.putBytes(randomBytes(1000));
      await using _staged = await store.blobs.stage(`sha256:${randomBytes(32).toString("hex")}`, 100);
      await mkdir(store.layout.incomingDir, { recursive: true });
      // As a killed process leaves it.
      await writeFile(join(store.layout.incomingDir, `${randomBytes(8).toString("hex")}.1`), "left over");
      return;
    }
    case "import":
      await remove(ModelName.parse("archived"));
      return;
    default:
      operation satisfies never;
  }
}

/** Does the operation; called again after a crash it must finish the work. */
export async function perform(operation: Operation, { store, host, folder }: Surroundings): Promise<void> {
  switch (operation) {
    case "pull": {
      await using client = createRegistryClient({ store, retry: { baseMs: 1 } });
      for await (const _event of client.pull(pulledName(host), { insecure: true })) {
        // Only the end counts.
      }
      return;
    }
    case "create": {
      const weights = await store.blobs.importFile(join(folder, "model.gguf"));
      const uploaded = await store.blobs.putStream(chunks());
      const template = await store.blobs.putText("{{ .Prompt }} created");
      const config = await store.blobs.putJson({ model_format: "gguf", created: true });
      await store.manifests.write(created, {
        schemaVersion: 2,
        mediaType: mediaTypes.manifest,
        config: { mediaType: mediaTypes.config, ...config },
        layers: [
          { mediaType: mediaTypes.model, ...weights },
          { mediaType: mediaTypes.projector, ...uploaded },
          { mediaType: mediaTypes.template, ...template },
        ],
      });
      return;
    }
    case "copy":
      await store.manifests.copy(base, copied);
      return;
    case "delete":
      // A crash after the manifest went has done what was asked.
      if ((await store.manifests.read(copied)) !== undefined) await store.manifests.delete(copied);
      return;
    case "prune":
      await store.prune({ minAgeMs: -1000 });
      return;
    case "import": {
      await store.importArchive(createReadStream(join(folder, "model.tar")), ModelName.parse("archived"));
      return;
    }
    default:
      operation satisfies never;
  }
}

export async function createFrom(store: Store, name: ModelName, weights: Uint8Array): Promise<void> {
  const model = await store.blobs.putBytes(weights);
  const config = await store.blobs.putJson({ model_format: "gguf" });
  await store.manifests.write(name, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, ...config },
    layers: [{ mediaType: mediaTypes.model, ...model }],
  });
}

async function* chunks(): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < 40; index += 1) yield Buffer.alloc(50_000, index);
}
