import { createHash } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { createServer } from "@puna/api-server";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { createScriptedEngine, type ScriptedAnswer, type ScriptedCall } from "@puna/engine/testing";
import { encodeGguf } from "@puna/model-format/gguf";
import { Puna } from "@puna/sdk";
import { createPunaProvider, type PunaProvider } from "../../src/index.ts";

/** How requests travel: over a socket, or by the server's own `fetch`. */
export type Way = "over HTTP" | "in-process";

export interface ScriptedServer extends AsyncDisposable {
  readonly provider: PunaProvider;
  /** What reached the engine. */
  readonly calls: readonly ScriptedCall[];
  /** Bodies of the requests that were sent. */
  readonly sent: readonly Readonly<Record<string, unknown>>[];
  readonly headers: readonly Headers[];
}

const template = `{{ range .Messages }}<|{{ .Role }}|>{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ .Content }}{{ if .ToolCalls }}<tool_call>{{ range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}{{ end }}</tool_call>{{ end }}
{{ end }}{{ .Tools }}<|assistant|>`;

/**
 * A real server whose engine gives these answers, one a call and the last one for ever; its model `t` has tools and
 * thinking, `m` has neither, `e` embeds.
 */
export async function openScriptedServer(
  way: Way,
  answers: readonly (readonly string[] | ScriptedAnswer)[],
): Promise<ScriptedServer> {
  const temporary = await openTemporaryStore();
  let count = 0;
  const engine = createScriptedEngine({
    answer: () => {
      const answer = answers[Math.min(count++, answers.length - 1)] ?? [];
      return "length" in answer ? { pieces: answer } : answer;
    },
    embed: (tokens) => [tokens.length, 1, 0],
  });
  const nothing = async function* () {};
  const registry = { pull: nothing, push: nothing, restore: nothing };
  const server = createServer({ store: temporary.store, engine, registry, version: "1.2.3" });
  const http = createHttpServer(getRequestListener(server.fetch));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = http.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await makeModels((path, init) => Promise.resolve(server.request(path, init)));

  const sent: Readonly<Record<string, unknown>>[] = [];
  const headers: Headers[] = [];
  const watched: typeof fetch = async (input, init) => {
    sent.push(JSON.parse(String(init?.body)));
    headers.push(new Headers(init?.headers));
    return way === "in-process" ? server.fetch(new Request(input, init)) : fetch(input, init);
  };
  return {
    provider: createPunaProvider({ host: `http://127.0.0.1:${port}`, fetch: watched }),
    calls: engine.calls,
    sent,
    headers,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      await server[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

async function makeModels(request: (path: string, init: RequestInit) => Promise<Response>): Promise<void> {
  const client = new Puna({ fetch: (input, init) => request(new URL(String(input)).pathname, init ?? {}) });
  const upload = async (bytes: Uint8Array<ArrayBuffer>) => {
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    await request(`/api/blobs/${digest}`, { method: "POST", body: bytes });
    return { "m.gguf": digest };
  };
  await client.create({ model: "m", files: await upload(tinyGguf()), template: "{{ .Prompt }}" });
  await client.create({ model: "t", from: "m", template });
  await client.create({ model: "e", files: await upload(tinyGguf({ key: "llama.pooling_type", value: 1 })) });
}

function tinyGguf(...extra: readonly { readonly key: string; readonly value: number }[]) {
  const numbers = [
    { key: "llama.context_length", value: 4096 },
    { key: "llama.embedding_length", value: 8 },
    { key: "llama.block_count", value: 1 },
    ...extra,
  ];
  return new Uint8Array(
    encodeGguf({
      entries: [
        { key: "general.architecture", type: "string", value: "llama" },
        ...numbers.map(({ key, value }) => ({ key, type: "uint32" as const, value })),
      ],
      tensors: [],
    }),
  );
}
