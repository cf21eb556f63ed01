import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { root, sourceFiles } from "./support/source-files.ts";

interface Rule {
  /** Everything outside the package's own folder that its sources may import. */
  readonly may: readonly RegExp[];
  readonly why: string;
}

const zod = /^zod$/;
const node = /^node:/;

/** The import table of ARCHITECTURE.md. A new arrow needs a decision record before it needs a line here. */
const rules: Readonly<Record<string, Rule>> = {
  "packages/protocol": { may: [zod], why: "the wire runs in browsers and depends on nothing of ours" },
  "packages/model-format": {
    may: [/^@puna\/protocol(\/|$)/, /^@huggingface\/jinja$/],
    why: "meaning is pure: no I/O, no native code",
  },
  "packages/blob-store": {
    may: [/^@puna\/protocol(\/|$)/, node],
    why: "a store knows neither network nor models",
  },
  "packages/registry-client": {
    may: [/^@puna\/(protocol|blob-store)(\/|$)/, /^undici$/, node],
    why: "transfer knows the store, not the engine",
  },
  "packages/engine": {
    may: [
      /^@puna\/protocol\/errors$/,
      /^@puna\/model-format\/gguf$/,
      /^(node-llama-cpp|@node-llama-cpp\/.*|koffi)$/,
      node,
    ],
    why: "the engine knows no HTTP, no wire schemas and no chat messages",
  },
  "packages/api-server": {
    may: [
      /^@puna\/(protocol|model-format|blob-store|registry-client|engine)(\/|$)/,
      /^hono(\/|$)/,
      zod,
      /^prom-client$/,
      node,
    ],
    why: "the server composes the layers below and knows no client",
  },
  "packages/sdk": {
    may: [/^@puna\/protocol(\/(errors|framing|modelfile))?$/, node],
    why: "clients carry neither schemas nor server code",
  },
  "packages/ai-provider": {
    may: [/^@puna\/sdk$/, /^@ai-sdk\/provider$/],
    why: "a provider is a translation for the client, and runs in browsers",
  },
  "packages/cli": {
    may: [/^@puna\/(sdk|protocol)(\/|$)/, /^@oclif\/core$/, /^(marked|get-east-asian-width)$/, node],
    why: "the CLI speaks HTTP through the SDK; serve belongs to the application",
  },
};

/** Rules inside one package: files under the folder may not import what matches. */
const folderRules: readonly { readonly folder: string; readonly never: RegExp; readonly why: string }[] = [
  {
    folder: "packages/sdk/src",
    never: /^@puna\/protocol\/schemas/,
    why: "schemas would bring zod into every bundle",
  },
  { folder: "packages/protocol/src", never: node, why: "the wire runs in browsers" },
  { folder: "packages/model-format/src", never: node, why: "meaning runs in browsers" },
  {
    folder: "packages/engine/src/scheduler",
    never: /\/(llama|runner-child|slots)\//,
    why: "the scheduler sees runners, not drivers",
  },
  { folder: "packages/api-server/src/services", never: /^hono/, why: "services know no HTTP framework" },
];

/** The only places that may import the native libraries. */
const nativeHome = "packages/engine/src/llama/";
const native = /^(node-llama-cpp|@node-llama-cpp\/.*|koffi)$/;

const importPattern =
  /(?:^|[\s;])(?:import|export)\s(?:[^"';]*?\sfrom\s)?["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/g;

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function importsOf(folder: string): Import[] {
  return sourceFiles(folder).flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(importPattern)].map((match) => ({
      file: relative(root, file),
      specifier: match[1] ?? match[2] ?? "",
    })),
  );
}

const isOwn = (specifier: string) => specifier.startsWith(".");
const isTest = (file: string) => file.includes(".test.") || file.includes("/testing/");

describe.each(Object.entries(rules))("%s", (folder, rule) => {
  const imports = importsOf(`${folder}/src`).filter(({ file }) => !isTest(file));

  it(`imports only what its layer may, because ${rule.why}`, () => {
    const breaches = imports.filter(
      ({ specifier }) => !isOwn(specifier) && !rule.may.some((allowed) => allowed.test(specifier)),
    );
    expect(breaches).toEqual([]);
  });

  it("never reaches out of its own folder with a relative path", () => {
    const breaches = imports.filter(({ file, specifier }) => {
      if (!isOwn(specifier)) return false;
      return !join(file, "..", specifier).startsWith(`${folder}/`);
    });
    expect(breaches).toEqual([]);
  });
});

it.each(folderRules)("$folder keeps its rule: $why", ({ folder, never }) => {
  const breaches = importsOf(folder).filter(({ file, specifier }) => !isTest(file) && never.test(specifier));
  expect(breaches).toEqual([]);
});

it("loads native libraries in one folder only", () => {
  const breaches = readdirSync(join(root, "packages"))
    .flatMap((name) => importsOf(`packages/${name}/src`))
    .filter(({ file, specifier }) => native.test(specifier) && !file.startsWith(nativeHome) && !isTest(file));
  expect(breaches).toEqual([]);
});

it("reads the environment in the application only", () => {
  const readers = readdirSync(join(root, "packages"))
    .flatMap((name) => sourceFiles(`packages/${name}/src`))
    .filter((file) => !isTest(file) && /process\.env\b/.test(readFileSync(file, "utf8")));
  // A runner reads the environment that the host made for it.
  const inRunner = "packages/engine/src/llama/native/runner-environment.ts";
  expect(readers.map((file) => relative(root, file))).toEqual([inRunner]);
});

it("lets no package import an application", () => {
  const breaches = readdirSync(join(root, "packages"))
    .flatMap((name) => importsOf(`packages/${name}/src`))
    .filter(({ specifier }) => specifier === "puna" || specifier.startsWith("puna/"));
  expect(breaches).toEqual([]);
});

/** Closed paths of imports between the files of one package, each as the files that lie on it. */
function importCircles(folder: string): string[] {
  const targets = new Map<string, string[]>();
  for (const { file, specifier } of importsOf(`${folder}/src`)) {
    if (isTest(file) || !isOwn(specifier)) continue;
    const known = targets.get(file) ?? [];
    targets.set(file, [...known, join(file, "..", specifier)]);
  }
  const circles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const follow = (file: string): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
    if (path.includes(file) || done.has(file)) return;
    path.push(file);
    for (const target of targets.get(file) ?? []) follow(target);
    path.pop();
    done.add(file);
  };
  for (const file of targets.keys()) follow(file);
  return circles;
}

it.each([...Object.keys(rules), "apps/puna"])(
  "%s has no files that import each other in a circle",
  (folder) => {
    expect(importCircles(folder)).toEqual([]);
  },
);
