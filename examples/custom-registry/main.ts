// Shares a model through a registry of your own (any OCI registry: `docker run -p 5000:5000 registry:2`).
// `node main.ts 127.0.0.1:5000 [model]`
import { Puna } from "@puna/sdk";

const [registry = "127.0.0.1:5000", model = "qwen3"] = process.argv.slice(2);
const puna = new Puna({ host: process.env["OLLAMA_HOST"] });
const shared = `${registry}/team/${model}`;
// Plain HTTP is allowed only where it is asked for.
const insecure = true;

async function follow(what: string, progress: AsyncIterable<{ total?: number; completed?: number }>) {
  let bytes = 0;
  for await (const { completed = 0 } of progress) bytes = Math.max(bytes, completed);
  console.log(`${what} ${shared} (largest layer ${(bytes / 1e6).toFixed(1)} MB)`);
}

await puna.copy({ source: model, destination: shared });
await follow("pushed", await puna.push({ model: shared, insecure, stream: true }));

// On another machine only this is needed; here the copy is removed first.
await puna.delete({ model: shared });
await follow("pulled", await puna.pull({ model: shared, insecure, stream: true }));

const { models } = await puna.list();
console.log(models.filter(({ name }) => name.startsWith(registry)).map(({ name }) => name));
