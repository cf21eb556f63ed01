// `npm run soak -- nodes [--versions 22,24,26]`: every package, installed from its tarball, works under each Node.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { transform } from "esbuild";
import { chatWithInstalled } from "../support/installed-command.ts";
import {
  besides,
  installInto,
  packAll,
  publicPackages,
  runsModels,
  startPackageRegistry,
} from "../support/packed-packages.ts";
import { runCommand } from "../support/processes.ts";
import { gemmaPath, hasGemma } from "../support/required-parts.ts";
import { root } from "../support/source-files.ts";

const { values } = parseArgs({
  options: {
    versions: { type: "string", default: "22,24,26" },
    seconds: { type: "string" },
    seed: { type: "string" },
  },
});
const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "puna", "nodes");
const folder = mkdtempSync(join(tmpdir(), "puna-nodes-"));
let failures = 0;

try {
  const tarballs = await packAll(folder);
  await using registry = await startPackageRegistry(tarballs);
  for (const version of values.versions.split(",")) {
    const node = await obtainNode(version);
    const { stdout } = await runCommand(node, ["--version"], process.env);
    console.log(`Node ${stdout.trim()}`);
    for (const { name, short } of publicPackages()) {
      const project = join(folder, version, short);
      const tarball = tarballs.get(name) ?? name;
      await check(name, () => usePackage({ name, short, tarball, project, node, registry: registry.url }));
    }
    if (hasGemma) {
      const bin = join(folder, version, "puna/node_modules/.bin/puna");
      const home = mkdtempSync(join(folder, "home-"));
      await check("puna serve, create, run", async () => {
        const { answer, doctor } = await chatWithInstalled(bin, { node, home, modelPath: gemmaPath });
        if (!/\S/.test(answer)) throw new Error("the model said nothing");
        if (!doctor.includes("llama/native")) throw new Error("the native driver was not used");
        return JSON.stringify(answer);
      });
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(failures === 0 ? "all of it works" : `${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;

async function check(what: string, work: () => Promise<string>): Promise<void> {
  const start = performance.now();
  try {
    const result = await work();
    console.log(`  ok      ${what}  ${((performance.now() - start) / 1000).toFixed(1)} s  ${result}`);
  } catch (error) {
    failures += 1;
    console.log(`  FAILED  ${what}: ${error instanceof Error ? error.message : error}`);
  }
}

interface Use {
  readonly name: string;
  readonly short: string;
  readonly tarball: string;
  readonly project: string;
  readonly node: string;
  readonly registry: string;
}

/** Installs one package with that Node's npm and runs its use, compiled for the oldest Node. */
async function usePackage({ name, short, tarball, project, node, registry }: Use): Promise<string> {
  const path = `${dirname(node)}:${process.env["PATH"]}`;
  mkdirSync(project, { recursive: true });
  const npm = await installInto(project, [tarball, ...besides(name)], { registry, path });
  if (npm.code !== 0) throw new Error(`npm install: ${npm.stderr}`);
  const source = readFileSync(join(root, "tests/packed", `${short}.ts`), "utf8");
  const { code } = await transform(source, { loader: "ts", format: "esm", target: "node22" });
  writeFileSync(join(project, "program.js"), code);
  const args = hasGemma && runsModels(name) ? [gemmaPath] : [];
  const env = { PATH: path, HOME: project };
  const result = await runCommand(node, ["program.js", ...args], env, { cwd: project });
  if (result.code !== 0 || result.stdout !== "ok\n") throw new Error(result.stderr || result.stdout);
  return result.stderr;
}

/** The newest Node of a major version, from npm; this process's own where it is that. */
async function obtainNode(major: string): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const { platform, arch } = process;
  const name = `node-${platform === "win32" ? "win" : platform}-${arch}`;
  const home = join(cache, major);
  const node = join(home, "node_modules", name, "bin", "node");
  if (existsSync(node)) return node;
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), '{"private":true}');
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", `${name}@${major}`];
  const { code, stderr } = await runCommand("npm", args, process.env, { cwd: home });
  if (code !== 0) throw new Error(`Node ${major} cannot be installed: ${stderr}`);
  return node;
}
