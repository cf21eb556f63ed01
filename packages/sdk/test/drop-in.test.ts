import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ollamaDefault, { Ollama } from "ollama";
import { describe, expect, test } from "vitest";
import browserDefault, { Puna as BrowserPuna } from "../src/index.ts";
import punaDefault, { Puna } from "../src/node/index.ts";
import { type SeenRequest, sendJson, sendLines, startServer, type TestServer, toArray } from "./server.ts";

const metrics = {
  total_duration: 9,
  load_duration: 1,
  prompt_eval_count: 5,
  prompt_eval_duration: 2,
  eval_count: 7,
  eval_duration: 4,
};
const answers: Readonly<Record<string, readonly object[]>> = {
  "/api/chat": [
    { model: "m", created_at: "t", message: { role: "assistant", content: "The sky " }, done: false },
    {
      model: "m",
      created_at: "t",
      message: { role: "assistant", content: "is blue." },
      done: true,
      done_reason: "stop",
      ...metrics,
    },
  ],
  "/api/generate": [
    { model: "m", created_at: "t", response: "The sky ", done: false },
    {
      model: "m",
      created_at: "t",
      response: "is blue.",
      done: true,
      done_reason: "stop",
      context: [1, 2],
      ...metrics,
    },
  ],
  "/api/pull": [
    { status: "pulling manifest" },
    { status: "pulling ab", digest: "sha256:ab", total: 2, completed: 1 },
    { status: "success" },
  ],
  "/api/push": [{ status: "retrieving manifest" }, { status: "success" }],
  "/api/create": [{ status: "writing manifest" }, { status: "success" }],
  "/api/tags": [{ models: [{ name: "m:latest", model: "m:latest", size: 1 }] }],
  "/api/ps": [{ models: [] }],
  "/api/version": [{ version: "0.0.0" }],
  "/api/show": [{ license: "l", details: { family: "llama" }, model_info: {}, capabilities: ["completion"] }],
  "/api/embed": [{ model: "m", embeddings: [[0.5, 0.25]] }],
  "/api/embeddings": [{ embedding: [0.5, 0.25] }],
  "/api/web_search": [{ results: [{ content: "c" }] }],
  "/api/web_fetch": [{ title: "t", url: "u", content: "c", links: [] }],
  "/v1/systemone": [
    {
      model: "m",
      answers: { team: { type: "choice", choice: "technical", probabilities: {}, confidence: 1 } },
      usage: { input_tokens: 1, output_tokens: 0 },
    },
  ],
};

async function startOllama(): Promise<TestServer> {
  return startServer(({ path, json }, response) => {
    const answer = answers[path];
    if (answer === undefined) response.writeHead(200).end();
    else if (typeof json === "object" && json !== null && "stream" in json && json.stream === true)
      sendLines(response, answer);
    else sendJson(response, answer.at(-1));
  });
}

/** What reached the server; `name` is the old word for `model` and read alike. */
function requestsOf(server: TestServer): unknown[] {
  return server.seen.map(({ method, path, json, headers }: SeenRequest) => ({
    method,
    path,
    json:
      typeof json === "object" && json !== null && "name" in json
        ? { ...json, model: json.name, name: undefined }
        : json,
    authorization: headers.authorization,
  }));
}

type Client = Pick<Ollama, "list" | "ps" | "version"> & {
  [Name in
    | "chat"
    | "generate"
    | "pull"
    | "push"
    | "create"
    | "delete"
    | "copy"
    | "show"
    | "embed"
    | "embeddings"
    | "systemone"
    | "webSearch"
    | "webFetch"]: (request: never) => Promise<object>;
};

const calls: readonly (readonly [keyof Client, object?])[] = [
  [
    "chat",
    {
      model: "m",
      messages: [{ role: "user", content: "x", images: [new Uint8Array([1, 2])] }],
      tools: [{ type: "function", function: { name: "f" } }],
      think: true,
    },
  ],
  ["chat", { model: "m", messages: [], stream: true, options: { temperature: 0 } }],
  ["generate", { model: "m", prompt: "p", images: ["AQI="], format: "json", keep_alive: "5m" }],
  ["generate", { model: "m", prompt: "p", stream: true }],
  ["pull", { model: "m" }],
  ["pull", { model: "m", insecure: true, stream: true }],
  ["push", { model: "m", stream: true }],
  ["create", { model: "m", from: "x", system: "s" }],
  ["create", { model: "m", from: "x", stream: true }],
  ["delete", { model: "m" }],
  ["copy", { source: "a", destination: "b" }],
  ["list"],
  ["ps"],
  ["version"],
  ["show", { model: "m" }],
  ["embed", { model: "m", input: ["a", "b"], truncate: false }],
  ["embeddings", { model: "m", prompt: "a" }],
  ["systemone", { model: "m", state: "s", questions: {} }],
  ["webSearch", { query: "q" }],
  ["webFetch", { url: "u" }],
];

describe("in place of the package ollama", () => {
  test("has every method of its class, its default export included", () => {
    const methods = new Set(
      [Ollama.prototype, Object.getPrototypeOf(Ollama.prototype)].flatMap((prototype) =>
        Object.getOwnPropertyNames(prototype),
      ),
    );
    // Not part of its documented interface: private or protected.
    for (const internal of ["constructor", "fileExists", "processStreamableRequest"])
      methods.delete(internal);
    expect(methods.size).toBeGreaterThanOrEqual(18);
    for (const client of [punaDefault, browserDefault, new Puna(), new BrowserPuna()]) {
      expect([...methods].filter((name) => typeof Reflect.get(client, name) !== "function")).toEqual([]);
    }
    expect(calls.map(([name]) => name)).toEqual(
      expect.arrayContaining([...methods].filter((name) => name !== "abort" && name !== "encodeImage")),
    );
    expect(typeof ollamaDefault.chat).toBe(typeof punaDefault.chat);
  });

  test.each(calls.map((call) => [`${call[0]}(${JSON.stringify(call[1]) ?? ""})`, call] as const))(
    "answers and asks the same: %s",
    async (_title, [name, request]) => {
      const outcomes = await Promise.all(
        [Ollama, Puna, BrowserPuna].map(async (Class) => {
          await using server = await startOllama();
          const toServer: typeof fetch = (input, init) =>
            fetch(String(input).replace("https://ollama.com", server.url), init);
          const client = new Class({
            host: server.url,
            fetch: toServer,
            headers: { Authorization: "Bearer k" },
          });
          // The three classes have no common type: only their methods' names and behaviour are compared here.
          const method = Reflect.get(client, name) as (request?: object) => Promise<object>;
          const answer = await method.call(client, structuredClone(request));
          // Both kinds of stream are async iterables; a plain answer is not.
          const result =
            Symbol.asyncIterator in answer ? await toArray(answer as AsyncIterable<object>) : answer;
          return { result, requests: requestsOf(server) };
        }),
      );
      expect(outcomes[1]).toEqual(outcomes[0]);
      expect(outcomes[2]).toEqual(outcomes[0]);
    },
  );

  test("fails with the same status and text", async () => {
    const failures = await Promise.all(
      [Ollama, Puna].map(async (Class) => {
        await using server = await startServer((_request, response) =>
          sendJson(response, { error: "model 'm' not found" }, 404),
        );
        return await new Class({ host: server.url }).show({ model: "m" }).catch((error: unknown) => error);
      }),
    );
    for (const failure of failures) {
      expect(failure).toMatchObject({
        error: "model 'm' not found",
        message: "model 'm' not found",
        status_code: 404,
      });
    }
  });

  test("runs the code blocks of its README with the same output and requests", async () => {
    const require = createRequire(import.meta.url);
    const readme = await readFile(require.resolve("ollama/README.md"), "utf8");
    const blocks = [...readme.matchAll(/```(?:javascript|typescript)\n([\s\S]*?)```/g)].map(
      ([, code = ""]) => code,
    );
    expect(blocks.length).toBeGreaterThan(20);
    const source = (path: string) =>
      pathToFileURL(fileURLToPath(new URL(`../src/${path}`, import.meta.url))).href;
    const theirs = {
      ollama: pathToFileURL(require.resolve("ollama").replace("index.cjs", "index.mjs")).href,
      browser: pathToFileURL(require.resolve("ollama").replace("index.cjs", "browser.mjs")).href,
    };
    const ours = { ollama: source("node/index.ts"), browser: source("index.ts") };
    const [expected, seen] = [await runBlocks(blocks, theirs), await runBlocks(blocks, ours)];
    expect(expected.output).toContain("The sky is blue.");
    expect(seen).toEqual(expected);
    console.info(`${blocks.length} code blocks of ollama's README ran alike`);
  });
});

/** Runs the blocks as one program each, in one process of their own, whose requests all go to a server of ours. */
async function runBlocks(
  blocks: readonly string[],
  modules: { readonly ollama: string; readonly browser: string },
) {
  await using server = await startOllama();
  const folder = await mkdtemp(join(tmpdir(), "puna-drop-in-"));
  try {
    const files = await Promise.all(
      blocks.map(async (block, at) => {
        const code = block
          .replaceAll("'ollama/browser'", JSON.stringify(modules.browser))
          .replaceAll("'ollama'", JSON.stringify(modules.ollama));
        // Blocks that only show a signature lack what they use.
        const head = code.includes("import ")
          ? ""
          : `import ollama from ${JSON.stringify(modules.ollama)}\nconst request = ${sampleRequest(code)}\n`;
        const file = join(folder, `${at}.mjs`);
        await writeFile(file, head + code.replace(/^(ollama\.\w+\(.*\))$/m, "await $1"));
        return file;
      }),
    );
    const main = join(folder, "main.mjs");
    const reroute = `const { fetch } = globalThis; globalThis.fetch = (input, init) => fetch(String(input).replace(/^https?:\\/\\/(127\\.0\\.0\\.1:11434|ollama\\.com(:443)?)/, ${JSON.stringify(server.url)}), init);\n`;
    await writeFile(
      main,
      reroute + files.map((file) => `await import(${JSON.stringify(pathToFileURL(file).href)});\n`).join(""),
    );
    return { output: await runNode(main), requests: requestsOf(server) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The request that a block means by `request`. */
function sampleRequest(block: string): string {
  const name = /ollama\.(\w+)\(request\)/.exec(block)?.[1];
  return JSON.stringify(
    calls.find(([method, request]) => method === name && !JSON.stringify(request).includes("images"))?.[1] ??
      {},
  );
}

function runNode(file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--conditions=@puna/source", "--no-warnings", file], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(output) : reject(new Error(`exit code ${code}: ${errors}`)),
    );
  });
}
