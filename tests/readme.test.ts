import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { transform } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientModels, startClientServer } from "./support/client-server.ts";
import { publicPackages } from "./support/packed-packages.ts";
import { puna, type RunningServer, runCommand } from "./support/processes.ts";
import { gemmaPath, hasGemma, hasQwen } from "./support/required-parts.ts";
import { root } from "./support/source-files.ts";

/** What a block takes from the text around it, by README and number of the block. */
const given: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  "README.md": {
    2: `declare const existingHonoApp: {
      mount(path: string, fetch: (request: Request) => Response | Promise<Response>): void;
    };
    declare const existingExpressApp: {
      use(path: string, listener: import("node:http").RequestListener): void;
    };`,
  },
  "packages/cli/README.md": { 1: "declare const context: CliContext;" },
};

/** Blocks that are only compiled, with the reason. */
const notRun: Readonly<Record<string, string>> = {
  "README.md 2": "goes into a program of the reader; examples/mount-in-hono and mount-in-express are two",
  "packages/cli/README.md 1": "takes a context that the reader makes; apps/puna does",
  "packages/ai-provider/README.md 2": "asks a model that thinks, which none of the small real ones does",
  "packages/registry-client/README.md 1": "pulls from the registry of the world",
};

/** What blocks print, where it is the same on every machine. */
const prints: Readonly<Record<string, RegExp>> = {
  "packages/api-server/README.md 1": /^\{ version: '[\d.]+', puna: '1\.0\.0' \}\n$/,
  "packages/model-format/README.md 1":
    /^<\|im_start\|>user\nHello there<\|im_end\|>\n<\|im_start\|>assistant\n 0\n$/,
  "packages/model-format/README.md 2": /^<user>Hello there\n<assistant>\n$/,
  "packages/model-format/README.md 3":
    /^\[ \{ type: 'thinking-delta', text: 'Simple\.' \} \] \[ \{ type: 'text-delta', text: '4' \} \] \[\]\n$/,
  "packages/engine/README.md 1": /\n(length|stop), \d tokens, llama\/native\n$/,
  "packages/blob-store/README.md 1": /^llama3\.2:latest \d+$/m,
  "packages/sdk/README.md 2": /^Paris\n[\s\S]*Paris\n$/,
  "packages/sdk/README.md 3": /^1591\n[\s\S]*1,?591/,
  "apps/puna/README.md 1": /^\d+\n$/,
};

const readmes = [
  "README.md",
  ...publicPackages().map(({ folder }) => relative(root, join(folder, "README.md"))),
];
const tests = join(root, "tests");
mkdirSync(join(tests, "node_modules"), { recursive: true });
// Below the tests' own modules, so that the packages are found; nothing there is ever committed.
const folder = mkdtempSync(join(tests, "node_modules/.readme-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function blocksOf(readme: string): readonly string[] {
  const text = readFileSync(join(root, readme), "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? "");
}

const nameOf = (readme: string) => readme.replace(/\W+/g, "-");

describe("the code of all READMEs", () => {
  let complaints: readonly string[];

  // Compiled at once: most of the time goes into what they import.
  beforeAll(() => {
    const programs = readmes.flatMap((readme) =>
      blocksOf(readme).map((block, index) => {
        const program = join(folder, `${nameOf(readme)}-${index + 1}.ts`);
        writeFileSync(program, [given[readme]?.[index + 1] ?? "", block, "export {};"].join("\n"));
        return program;
      }),
    );
    const config = join(folder, "all.json");
    // As loose as a user's own project may be; `strict` stays.
    const compilerOptions = { noUnusedLocals: false, noPropertyAccessFromIndexSignature: false };
    writeFileSync(
      config,
      JSON.stringify({ extends: join(root, "tsconfig.base.json"), compilerOptions, files: programs }),
    );
    const { stdout, error } = spawnSync(
      join(tests, "node_modules/.bin/tsc"),
      ["-p", config, "--types", "node"],
      { cwd: tests, encoding: "utf8" },
    );
    if (error !== undefined) throw error;
    complaints = stdout.split("\n");
  });

  it.each(readmes.filter((readme) => existsSync(join(root, readme))))(
    "%s holds against the packages",
    (readme) => {
      console.log(`${readme}: ${blocksOf(readme).length} blocks`);
      expect(complaints.filter((line) => line.includes(`/${nameOf(readme)}-`))).toEqual([]);
    },
  );
});

describe.skipIf(!(hasGemma && hasQwen))("the blocks of all READMEs run", () => {
  const home = mkdtempSync(join(tmpdir(), "puna-readme-"));
  let server: RunningServer | undefined;
  const blocks = readmes.flatMap((readme) =>
    blocksOf(readme).map((block, index) => [`${readme} ${index + 1}`, block] as const),
  );

  beforeAll(async () => {
    // The store is where programs without settings look for it.
    server = await startClientServer(home, { OLLAMA_MODELS: join(home, ".ollama/models") });
    const modelfile = join(home, "Short");
    // Long enough for a call and for a sentence.
    writeFileSync(modelfile, `FROM ${clientModels.chat}\nPARAMETER num_predict 64\n`);
    for (const name of ["qwen3", "llama3.2"])
      expect(await puna(["create", name, "-f", modelfile], server.env)).toMatchObject({ code: 0 });
    // A server on the port of the READMEs is another one, if there is any.
    writeFileSync(
      join(folder, "redirect.mjs"),
      `const ask = globalThis.fetch;
       globalThis.fetch = (input, init) =>
         ask(typeof input === "string" ? input.replace("http://127.0.0.1:11434", "${server.url}") : input, init);`,
    );
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    rmSync(home, { recursive: true, force: true });
  });

  it.each(blocks.filter(([name]) => !(name in notRun)))("%s", { timeout: 300_000 }, async (name, block) => {
    const program = join(folder, `${nameOf(name)}.mjs`);
    const source = block
      .replace("/models/gemma3-270m.gguf", gemmaPath)
      .replace("/srv/models", join(home, "models"));
    writeFileSync(program, (await transform(source, { loader: "ts", target: "node22" })).code);
    const result = await runCommand(
      process.execPath,
      ["--conditions=@puna/source", "--no-warnings", "--import", join(folder, "redirect.mjs"), program],
      { PATH: process.env["PATH"], HOME: home },
      { cwd: home },
    );
    expect(result).toMatchObject({ code: 0, stderr: "" });
    if (name in prints) expect(result.stdout).toMatch(prints[name] ?? "");
  });

  it("but for those that are named here", () => {
    const names = blocks.map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining([...Object.keys(notRun), ...Object.keys(prints)]));
  });
});

it("checks every README that shows code", () => {
  expect(readmes.flatMap(blocksOf).length).toBeGreaterThan(12);
});
