// Start-up and `GET /api/tags` with many models: `node --conditions=@puna/source store.ts [--models 300] [--tokens 32000]`.
// Each figure is taken in a process of its own, after its modules are loaded. Prints one JSON line per figure.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createServer } from "@puna/api-server";
import { mediaTypes, openStore } from "@puna/blob-store";
import { createScriptedEngine } from "@puna/engine/testing";
import { encodeGguf } from "@puna/model-format/gguf";
import { ModelName } from "@puna/protocol";

const { values } = parseArgs({
  options: {
    models: { type: "string", default: "300" },
    /** size of each model's vocabulary: what makes the heads of real files long */
    tokens: { type: "string", default: "32000" },
    folder: { type: "string", default: tmpdir() },
    measure: { type: "string" },
  },
});

interface Figures {
  readonly listColdMs: number;
  readonly listWarmMs: number;
  readonly tagsColdMs: number;
  /** time of the processor in it: what a busy machine does not distort */
  readonly tagsColdCpuMs: number;
  readonly tagsWarmMs: number;
  readonly models: number;
}

if (values.measure === undefined) await compare();
else console.log(JSON.stringify(await measure(values.measure)));

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(values.folder, "puna-store-"));
  try {
    await makeModels(folder, Number(values.models), Number(values.tokens));
    for (const [start, aim] of [
      ["first start: no model was ever looked at", "none"],
      ["next start", "at most 100 ms cold, 20 ms warm"],
    ]) {
      const parameters = [...process.execArgv, import.meta.filename, "--measure", folder];
      const run = spawnSync(process.execPath, parameters, {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
      });
      const machine = { processors: cpus().length, processor: cpus()[0]?.model };
      console.log(JSON.stringify({ start, ...JSON.parse(run.stdout), aim, ...machine }));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function makeModels(modelsDir: string, count: number, tokens: number): Promise<void> {
  await using store = openStore({ modelsDir });
  for (let number = 0; number < count; number += 1) {
    const bytes = encodeGguf({
      entries: [
        { key: "general.architecture", type: "string", value: "llama" },
        { key: "general.name", type: "string", value: `model ${number}` },
        { key: "llama.context_length", type: "uint32", value: 4096 },
        { key: "llama.embedding_length", type: "uint32", value: 2048 },
        { key: "llama.block_count", type: "uint32", value: 16 },
        {
          key: "tokenizer.ggml.tokens",
          type: "array",
          elementType: "string",
          value: Array.from({ length: tokens }, (_, index) => `token${index}`),
        },
        { key: "tokenizer.chat_template", type: "string", value: "{{ messages[0].content }}" },
      ],
      tensors: [{ name: "token_embd.weight", type: "F32", shape: [32], data: new Uint8Array(128) }],
    });
    const model = await store.blobs.putBytes(bytes);
    const config = await store.blobs.putJson({ model_format: "gguf", model_family: "llama", number });
    const template = await store.blobs.putText(`{{ .System }}{{ .Prompt }}${number}`);
    const params = await store.blobs.putJson({ stop: ["<end>"], seed: number });
    await store.manifests.write(ModelName.parse(`model-${number}:latest`), {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, ...config },
      layers: [
        { mediaType: mediaTypes.model, ...model },
        { mediaType: mediaTypes.template, ...template },
        { mediaType: mediaTypes.params, ...params },
      ],
    });
  }
}

async function measure(modelsDir: string): Promise<Figures> {
  await using listed = openStore({ modelsDir });
  const listColdMs = await timed(() => listed.manifests.list());
  const listWarmMs = await median(() => listed.manifests.list());
  await using store = openStore({ modelsDir });
  const nothing = async function* () {};
  await using engine = createScriptedEngine({ answer: () => ({ pieces: [] }) });
  await using server = createServer({
    store,
    engine,
    registry: { pull: nothing, push: nothing, restore: nothing },
    version: "0",
  });
  const tags = async () => await (await server.request("/api/tags")).json();
  const before = process.cpuUsage();
  const tagsColdMs = await timed(tags);
  const spent = process.cpuUsage(before);
  const tagsColdCpuMs = (spent.user + spent.system) / 1000;
  const tagsWarmMs = await median(tags);
  const models = (await tags()).models.length;
  return { listColdMs, listWarmMs, tagsColdMs, tagsColdCpuMs, tagsWarmMs, models };
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await action();
  return performance.now() - begun;
}

async function median(action: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < 11; run += 1) times.push(await timed(action));
  return times.toSorted((a, b) => a - b)[5] ?? Number.NaN;
}
