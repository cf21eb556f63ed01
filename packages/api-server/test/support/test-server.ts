import { createHash } from "node:crypto";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { createScriptedEngine, type ScriptedEngine, type ScriptedEngineOptions } from "@puna/engine/testing";
import { encodeGguf } from "@puna/model-format/gguf";
import { createServer, type PunaServer, type ServerOptions } from "../../src/index.ts";

export interface TestServer extends AsyncDisposable {
  readonly server: PunaServer;
  readonly engine: ScriptedEngine;
  /** Sends a JSON body. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  /** Makes a second model, of another file. @returns its name */
  makeOther(): Promise<string>;
}

/** A server with one model, `m`, that needs nothing but what this package's dependencies give. */
export async function openTestServer(
  engineOptions: Partial<ScriptedEngineOptions> = {},
  options: Partial<ServerOptions> = {},
): Promise<TestServer> {
  const temporary = await openTemporaryStore();
  const engine = createScriptedEngine({ answer: () => ({ pieces: ["Hello", " world"] }), ...engineOptions });
  const nothing = async function* () {};
  const server = createServer({
    store: temporary.store,
    engine,
    registry: { pull: nothing, push: nothing, restore: nothing },
    version: "1.2.3",
    ...options,
  });
  const post = async (path: string, body: unknown, init: RequestInit = {}) =>
    server.request(path, { method: "POST", body: JSON.stringify(body), ...init });
  await makeModel(post, server, options);
  return {
    server,
    engine,
    post,
    makeOther: () => makeModel(post, server, { ...options, model: "other", blocks: 2 }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

async function makeModel(
  post: TestServer["post"],
  server: PunaServer,
  {
    prefix = "",
    model = "m",
    blocks = 1,
  }: Partial<ServerOptions> & { readonly model?: string; readonly blocks?: number },
): Promise<string> {
  const bytes = new Uint8Array(tinyGguf(blocks));
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  await server.request(`${prefix}/api/blobs/${digest}`, { method: "POST", body: bytes });
  const response = await post(`${prefix}/api/create`, {
    model,
    files: { "m.gguf": digest },
    stream: false,
  });
  if (response.status !== 200 && response.status !== 401) throw new Error(await response.text());
  return model;
}

function tinyGguf(blocks: number): Uint8Array {
  return encodeGguf({
    entries: [
      { key: "general.architecture", type: "string", value: "llama" },
      { key: "llama.context_length", type: "uint32", value: 4096 },
      { key: "llama.embedding_length", type: "uint32", value: 8 },
      { key: "llama.block_count", type: "uint32", value: blocks },
    ],
    tensors: [],
  });
}
