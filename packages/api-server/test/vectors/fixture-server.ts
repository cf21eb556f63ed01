import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { access, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { RegistryError, type StatusEvent } from "@puna/registry-client";
import { modelPath } from "../../../../scripts/model-files.mjs";
import { createServer, type PunaServer, type ServerOptions } from "../../src/index.ts";
import { ScriptEngine } from "./script-engine.ts";
import { readFixtures, vectorsFolder } from "./vector-files.ts";

export interface FixtureServer extends AsyncDisposable {
  readonly server: PunaServer;
  readonly scripted: ScriptEngine;
  readonly modelsDir: string;
  /** Makes a fixture model through the API, unless it is there. @returns false for models nobody can make here */
  ensureModel(name: string): Promise<boolean>;
  /** Uploads the fixture files whose digest the text mentions, as was done before recording. */
  uploadMentioned(text: string): Promise<void>;
}

const unknownBlob = "sha256:e997afd18e5f6be004fc193aed2c90291e68ab2c7599a62538c935b7fca6ab0f";

/** Models that cases need and the list of fixtures lacks, told by what reached the engine. */
const unlisted: readonly Record<string, unknown>[] = [
  { model: "fam-qwen3", from: "go-think", info: { model_family: "qwen3" } },
  { model: "deepseek-r1", from: "go-think" },
];

/** A server over an empty store and the scripted engine. */
export async function openFixtureServer(
  options: Partial<ServerOptions> = {},
  engineOptions: ConstructorParameters<typeof ScriptEngine>[0] = {},
): Promise<FixtureServer> {
  const temporary = await openTemporaryStore();
  const { store } = temporary;
  const scripted = new ScriptEngine(engineOptions);
  const server = createServer({
    store,
    engine: scripted.engine,
    registry: { pull: unreachable, push: unreachable, restore: unreachable },
    version: "0.1.0",
    logger: { debug: ignore, info: ignore, warn: ignore, error: complain },
    bind: { address: "127.0.0.1", hostname: "this-machine" },
    ...options,
  });
  const fixtures = readFixtures();
  // A blob that the recordings refer to and that is no GGUF; its bytes do not matter, only its name does.
  await mkdir(store.layout.blobsDir, { recursive: true });
  await writeFile(store.blobs.path(unknownBlob), "not a model");
  const made = new Set<string>();
  const ensureModel = async (name: string): Promise<boolean> => {
    if (made.has(name)) return true;
    const file = fixtures.gguf[name];
    const request = [...fixtures.create_requests, ...unlisted].find(({ model }) => model === name);
    if (file === undefined && request === undefined) {
      const digest = await linkPublicModel(name, fixtures, (digest) => store.blobs.path(digest));
      if (digest === undefined) return false;
      made.add(name);
      await create(server, { model: name, files: { "model.gguf": digest } });
      return true;
    }
    made.add(name);
    if (file !== undefined) {
      await create(server, {
        model: name,
        files: { "model.gguf": await upload(server, join(vectorsFolder, "http", file)) },
      });
    } else {
      await ensureModel(String(request?.["from"]));
      await create(server, request ?? {});
    }
    return true;
  };
  return {
    server,
    scripted,
    modelsDir: store.layout.modelsDir,
    ensureModel,
    async uploadMentioned(text) {
      for (const file of Object.values(fixtures.gguf)) {
        const path = join(vectorsFolder, "http", file);
        if (text.includes(digestOf(path))) await upload(server, path);
      }
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await scripted.engine[Symbol.asyncDispose]();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

/** The recording machine had no network either. */
async function* unreachable(): AsyncGenerator<StatusEvent> {
  yield { type: "status", status: "pulling manifest" };
  throw new RegistryError("UNREACHABLE", "registry cannot be reached");
}

function digestOf(path: string): string {
  return `sha256:${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
}

async function upload(server: PunaServer, path: string): Promise<string> {
  const digest = digestOf(path);
  const response = await server.request(`/api/blobs/${digest}`, { method: "POST", body: readFileSync(path) });
  if (response.status >= 300)
    throw new Error(`upload of ${path}: ${response.status} ${await response.text()}`);
  return digest;
}

async function create(server: PunaServer, request: object): Promise<void> {
  const body = JSON.stringify({ ...request, stream: false });
  const response = await server.request("/api/create", { method: "POST", body });
  if (response.status !== 200) throw new Error(`create ${body}: ${response.status} ${await response.text()}`);
}

function ignore(): void {}

/** Requests that fail for reasons of our own have no detail in their answers. */
function complain(message: string, fields?: Readonly<Record<string, unknown>>): void {
  console.error(message, fields);
}

/** Brings a cached model into the store. @returns its digest; undefined where it is not in the cache */
async function linkPublicModel(
  name: string,
  fixtures: ReturnType<typeof readFixtures>,
  pathOf: (digest: string) => string,
): Promise<string | undefined> {
  const known = fixtures.public[name];
  if (known === undefined) return undefined;
  const digest = `sha256:${known.sha256}`;
  try {
    await symlink(modelPath(name), pathOf(digest));
    await access(pathOf(digest));
    return digest;
  } catch {
    return undefined;
  }
}
