import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

// esbuild comes with tsup, which builds this package.
const requireFromTsup = createRequire(createRequire(import.meta.url).resolve("tsup"));
const esbuild: {
  build(options: object): Promise<{
    readonly outputFiles: readonly { readonly text: string }[];
    readonly metafile: { readonly inputs: Readonly<Record<string, unknown>> };
  }>;
} = requireFromTsup("esbuild");

async function bundle(
  entry: string,
  format: "esm" | "iife" = "esm",
): Promise<{ readonly text: string; readonly inputs: readonly string[] }> {
  const result = await esbuild.build({
    stdin: { contents: entry, resolveDir: fileURLToPath(new URL("../src", import.meta.url)), loader: "ts" },
    bundle: true,
    minify: true,
    format,
    platform: "browser",
    target: "es2022",
    conditions: ["@puna/source"],
    metafile: true,
    write: false,
  });
  return { text: result.outputFiles[0]?.text ?? "", inputs: Object.keys(result.metafile.inputs) };
}

test("everything a browser can import takes at most 12 kB gzipped, and neither zod nor a module of Node", async () => {
  const { text, inputs } = await bundle('export * from "./index.ts"; export { default } from "./index.ts";');
  const size = gzipSync(text).length;
  console.info(`SDK bundle: ${text.length} bytes minified, ${size} bytes gzipped`);
  expect(size).toBeLessThanOrEqual(12_000);
  expect(text).not.toMatch(/from\s*"node:|require\("/);
  expect(inputs.filter((input) => input.includes("zod"))).toEqual([]);
});

test("a bundle that uses only the errors does not carry the client", async () => {
  const { text } = await bundle('import { PunaError } from "./index.ts"; console.log(PunaError.is(1));');
  expect(gzipSync(text).length).toBeLessThan(2_000);
  expect(text).not.toContain("/api/chat");
});

test("runs where there is nothing but what browsers and edge runtimes have: no process, no Buffer, no require", async () => {
  const { text } = await bundle(
    `import { Puna, cosineSimilarity } from "./index.ts";
     globalThis.answer = (async () => {
       const puna = new Puna();
       const stream = await puna.chat({
         model: "m", stream: true, messages: [{ role: "user", content: "x", images: [new Uint8Array([1, 2])] }],
       }, { timeoutMs: 1000, idleTimeoutMs: 1000 });
       let text = "";
       for await (const { message } of stream) text += message.content;
       return text + cosineSimilarity([1], [1]);
     })();`,
    "iife",
  );
  let sent = "";
  const fakeFetch: typeof fetch = async (input, init) => {
    sent = `${String(input)} ${String(init?.body)}`;
    return new Response('{"message":{"content":"Hi"},"done":true}\n');
  };
  const { AbortController, AbortSignal, Headers, ReadableStream, TextDecoder, TextEncoder, URL } = globalThis;
  const { atob, btoa, clearTimeout, setTimeout } = globalThis;
  const web = { AbortController, AbortSignal, Headers, ReadableStream, TextDecoder, TextEncoder, URL };
  const world: Record<string, unknown> = createContext({
    ...web,
    ...{ atob, btoa, clearTimeout, setTimeout, fetch: fakeFetch },
  });
  runInContext(text, world);
  expect(await world["answer"]).toBe("Hi1");
  expect(sent).toMatch(/^http:\/\/127\.0\.0\.1:11434\/api\/chat .*"AQI="/);
});
