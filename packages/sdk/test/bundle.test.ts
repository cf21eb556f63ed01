import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
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

async function bundle(entry: string): Promise<{ readonly text: string; readonly inputs: readonly string[] }> {
  const result = await esbuild.build({
    stdin: { contents: entry, resolveDir: fileURLToPath(new URL("../src", import.meta.url)), loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
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
