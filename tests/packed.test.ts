import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chatWithInstalled } from "./support/installed-command.ts";
import {
  besides,
  installInto,
  packAll,
  publicPackages,
  runsModels,
  startPackageRegistry,
} from "./support/packed-packages.ts";
import { runCommand } from "./support/processes.ts";
import { gemmaPath, hasGemma } from "./support/required-parts.ts";
import { root } from "./support/source-files.ts";

/** What a bundle may weigh, minified and compressed, that imports one name, in kB; without third parties' share. */
const bundles: Readonly<Record<string, readonly (readonly [name: string, from: string, kB: number])[]>> = {
  "@puna/protocol": [
    ["ModelName", "@puna/protocol", 2],
    ["ProtocolError", "@puna/protocol", 1],
    ["parseModelfile", "@puna/protocol/modelfile", 2.5],
  ],
  "@puna/model-format": [
    ["PromptError", "@puna/model-format", 1],
    ["ThinkingParser", "@puna/model-format", 2],
    ["regexToGbnf", "@puna/model-format/grammar", 7],
    ["readGguf", "@puna/model-format/gguf", 9],
  ],
  "@puna/blob-store": [["mediaTypes", "@puna/blob-store", 1]],
  "@puna/engine": [["EngineError", "@puna/engine", 1]],
  "@puna/registry-client": [["RegistryError", "@puna/registry-client", 1]],
  "@puna/api-server": [["ApiError", "@puna/api-server", 1]],
  "@puna/cli": [["CliError", "@puna/cli", 1]],
  "@puna/sdk": [
    ["Puna", "@puna/sdk", 12],
    ["cosineSimilarity", "@puna/sdk", 1],
  ],
};

const folder = mkdtempSync(join(tmpdir(), "puna-packed-"));
const packages = publicPackages();
let tarballs: ReadonlyMap<string, string>;
let registry: Awaited<ReturnType<typeof startPackageRegistry>>;

beforeAll(async () => {
  tarballs = await packAll(folder);
  registry = await startPackageRegistry(tarballs);
}, 600_000);
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(packages.map((found) => [found.name, found] as const))("%s from its tarball", (name, found) => {
  const project = join(folder, "projects", found.short);
  const program = join(root, "tests/packed", `${found.short}.ts`);
  const run = (command: string, args: readonly string[]) =>
    runCommand(command, args, { PATH: process.env["PATH"], HOME: folder }, { cwd: project });

  it("installs alone and works in an empty project", async ({ skip }) => {
    expect(existsSync(program), `${program} uses every entry of the package once`).toBe(true);
    const specs = [tarballs.get(name) ?? name, ...besides(name)];
    const npm = await installInto(project, specs, { registry: registry.url });
    if (npm.isOffline && !process.env["CI"]) {
      console.log("skipping the empty project: the npm registry cannot be reached");
      skip();
    }
    expect(npm).toMatchObject({ code: 0 });
    copyFileSync(program, join(project, "program.ts"));
    const args = hasGemma && runsModels(name) ? [gemmaPath] : [];
    const result = await run(process.execPath, ["program.ts", ...args]);
    expect(result).toEqual({ code: 0, stdout: "ok\n", stderr: "" });
  });

  it("has types that hold in a strict project", async () => {
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      module: "nodenext",
      target: "esnext",
      lib: ["esnext"],
      types: ["node"],
      typeRoots: [join(root, "node_modules/@types")],
    };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.ts"] }));
    const { stdout } = await run(join(root, "tests/node_modules/.bin/tsc"), ["-p", "."]);
    expect(
      stdout.split("\n").filter((line) => line.startsWith("program.ts") || line.includes("@puna")),
    ).toEqual([]);
  });

  it.each(bundles[name] ?? [])("bundles %s of %s within %d kB", async (imported, from, kB) => {
    const { outputFiles } = await build({
      stdin: { contents: `export { ${imported} } from "${from}";`, resolveDir: project },
      bundle: true,
      minify: true,
      format: "esm",
      platform: "node",
      target: "node22",
      external: ["@huggingface/jinja"],
      write: false,
    });
    const size = gzipSync(outputFiles[0]?.contents ?? "").byteLength / 1000;
    console.log(`${from} ${imported}: ${size.toFixed(1)} kB`);
    expect(size).toBeGreaterThan(0.1);
    expect(size).toBeLessThan(kB);
  });

  it("says all that publishing with provenance asks", () => {
    const packed = JSON.parse(readFileSync(join(project, "node_modules", name, "package.json"), "utf8"));
    expect(packed).toMatchObject({
      type: "module",
      license: "MIT",
      engines: { node: ">=22.19.0" },
      publishConfig: { access: "public", provenance: true },
    });
    expect(packed.description).toMatch(/\w/);
    expect(JSON.stringify(packed.exports)).not.toContain("@puna/source");
    expect(JSON.stringify(packed.dependencies ?? {})).not.toMatch(/workspace:|catalog:/);
    for (const file of ["README.md", "LICENSE"])
      expect(existsSync(join(project, "node_modules", name, file)), file).toBe(true);
  });
});

it.skipIf(!hasGemma)("the installed command serves a real model and chats with it", async () => {
  const bin = join(folder, "projects/puna/node_modules/.bin/puna");
  const home = mkdtempSync(join(folder, "home-"));
  const { answer, doctor } = await chatWithInstalled(bin, {
    node: process.execPath,
    home,
    modelPath: gemmaPath,
  });
  expect(answer).toMatch(/\S/);
  expect(doctor).toContain("llama/native");
});

it("the recipe without GPU packages names what the engine asks for", () => {
  const recipe = readFileSync(join(root, "apps/puna/README.md"), "utf8");
  if (process.platform === "linux" && process.arch === "x64")
    expect(recipe).toContain(besides("puna").join(" "));
});
