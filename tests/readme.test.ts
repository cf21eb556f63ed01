import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { publicPackages } from "./support/packed-packages.ts";
import { root } from "./support/source-files.ts";

/** What a block takes from the text and the blocks before it, by README and number of the block. */
const given: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  "README.md": {
    2: `declare const existingHonoApp: {
      mount(path: string, fetch: (request: Request) => Response | Promise<Response>): void;
    };`,
  },
  "packages/sdk/README.md": {
    2: `import { z } from "zod";
      import { type Message, Puna } from "@puna/sdk";
      declare const puna: Puna, model: string, messages: Message[];`,
    3: `import { z } from "zod";
      import { type Message, Puna } from "@puna/sdk";
      declare const puna: Puna, model: string, messages: Message[];`,
  },
  "packages/ai-provider/README.md": {
    2: `import { createPunaProvider } from "@puna/ai-provider";
      import { embedMany, generateText } from "ai";
      declare const prompt: string, values: string[];`,
  },
  "packages/cli/README.md": { 1: "declare const context: CliContext;" },
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

describe.each(readmes.filter((readme) => existsSync(join(root, readme))))("%s", (readme) => {
  it("has code that holds against the packages", () => {
    const blocks = blocksOf(readme);
    const name = readme.replace(/\W+/g, "-");
    const programs = blocks.map((block, index) => {
      const program = join(folder, `${name}-${index + 1}.ts`);
      writeFileSync(program, [given[readme]?.[index + 1] ?? "", block, "export {};"].join("\n"));
      return program;
    });
    const config = join(folder, `${name}.json`);
    // As loose as a user's own project may be; `strict` stays.
    const compilerOptions = { noUnusedLocals: false, noPropertyAccessFromIndexSignature: false };
    writeFileSync(
      config,
      JSON.stringify({ extends: join(root, "tsconfig.base.json"), compilerOptions, files: programs }),
    );
    const { stdout } = spawnSync(join(tests, "node_modules/.bin/tsc"), ["-p", config, "--types", "node"], {
      cwd: tests,
      encoding: "utf8",
    });
    console.log(`${readme}: ${blocks.length} blocks`);
    expect(stdout.split("\n").filter((line) => line.includes(name))).toEqual([]);
  });
});

it("checks every README that shows code", () => {
  expect(readmes.flatMap(blocksOf).length).toBeGreaterThan(12);
});
