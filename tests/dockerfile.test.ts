import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const read = (name: string) => readFileSync(join(root, name), "utf8");
/** Instructions with their continued lines joined, comments out. */
const instructions = read("Dockerfile")
  .replace(/^#.*\n/gm, "")
  .replace(/\\\n\s*/g, "")
  .split("\n")
  .filter((line) => line.trim() !== "");
const of = (name: string) =>
  instructions.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));

describe("the Dockerfile", () => {
  it("copies files that are there and that .dockerignore lets in", () => {
    const allowed = read(".dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"))
      .map((line) => line.slice(1));
    const sources = of("COPY")
      .filter((words) => !words.startsWith("--from"))
      .flatMap((words) => words.split(" ").slice(0, -1))
      .filter((source) => source !== ".");
    expect(sources).toContain("pnpm-lock.yaml");
    for (const source of [...sources, ...allowed]) expect(existsSync(join(root, source)), source).toBe(true);
    for (const source of sources) expect(allowed).toContain(source);
  });

  it("lets in every folder of the workspace, without which the lockfile does not fit", () => {
    const folders = [...read("pnpm-workspace.yaml").matchAll(/"([a-z]+)(?:\/\*)?"/g)].map(([, name]) => name);
    expect(folders).toContain("packages");
    for (const folder of new Set(folders.slice(0, 5)))
      if (existsSync(join(root, String(folder)))) expect(read(".dockerignore")).toContain(`!${folder}\n`);
  });

  it("uses the Node.js and the pnpm of this repository", () => {
    const [, version] = /^nodeVersion: (\S+)$/m.exec(read("pnpm-workspace.yaml")) ?? [];
    const nodeImage = new RegExp(`^node:${version}-`);
    const manifest: { packageManager: string } = JSON.parse(read("package.json"));
    for (const image of of("FROM")) expect(image).toMatch(nodeImage);
    expect(of("RUN").join("\n")).toContain(`npm install --global ${manifest.packageManager}`);
  });

  it("runs the one way to start a server that there is, as nobody in particular, watched, its data in a volume", () => {
    expect([of("ENTRYPOINT"), of("CMD")]).toEqual([['["puna"]'], ['["serve"]']]);
    expect(of("USER")).toEqual(["1000:1000"]);
    expect(of("VOLUME")).toEqual(["/data"]);
    expect(of("ENV").join()).toContain("PUNA_HOME=/data");
    expect(of("HEALTHCHECK")).toHaveLength(1);
    expect(existsSync(join(root, "apps/puna/bin/puna.js"))).toBe(true);
  });
});
