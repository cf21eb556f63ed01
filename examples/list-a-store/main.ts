// Lists the models in a folder: `node main.ts ~/.ollama/models`
import { openStore } from "@puna/blob-store";

await using store = openStore({ modelsDir: process.argv[2] ?? "models" });
for (const { name, sizeBytes } of await store.manifests.list())
  console.log(`${name.model}:${name.tag} ${sizeBytes}`);
