import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { type CommandResult, runCommand } from "./processes.ts";
import { root } from "./source-files.ts";

export interface PublicPackage {
  readonly name: string;
  /** Last part of the folder, such as `engine`. */
  readonly short: string;
  readonly folder: string;
  readonly version: string;
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** Every package of the workspace that is published. */
export function publicPackages(): readonly PublicPackage[] {
  return ["packages", "apps"].flatMap((group) =>
    readdirSync(join(root, group)).flatMap((short) => {
      const folder = join(root, group, short);
      const manifest = readManifest(folder);
      if (manifest === undefined || manifest["private"] === true) return [];
      return [
        { name: String(manifest["name"]), version: String(manifest["version"]), short, folder, manifest },
      ];
    }),
  );
}

function readManifest(folder: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  } catch {
    return undefined; // A folder that only build output is left of.
  }
}

/** Packs every published package as a release does. @returns path of the tarball by package name */
export async function packAll(folder: string): Promise<ReadonlyMap<string, string>> {
  const tarballs = new Map<string, string>();
  for (const { name, version, folder: cwd } of publicPackages()) {
    const result = await runCommand(
      join(root, "node_modules/.bin/pnpm"),
      ["pack", "--pack-destination", folder],
      process.env,
      { cwd },
    );
    if (result.code !== 0) throw new Error(`${name} cannot be packed: ${result.stdout}${result.stderr}`);
    tarballs.set(name, join(folder, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`));
  }
  return tarballs;
}

/** The scope's registry as npm sees it after a release, on loopback: `npm install --@puna:registry=<url>`. */
export async function startPackageRegistry(
  tarballs: ReadonlyMap<string, string>,
): Promise<AsyncDisposable & { readonly url: string }> {
  const packages = publicPackages();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "/").slice(1);
    const found = packages.find(({ name }) => name === path || `${name}.tgz` === path);
    const tarball = found === undefined ? undefined : tarballs.get(found.name);
    if (found === undefined || tarball === undefined) {
      response.writeHead(404).end("{}");
    } else if (path.endsWith(".tgz")) {
      createReadStream(tarball).pipe(response);
    } else {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(packument(found, tarball, `http://${request.headers.host}`)));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function packument({ name, version, manifest, folder }: PublicPackage, tarball: string, url: string): object {
  const integrity = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
  const dependencies = releasedVersions(manifest["dependencies"], folder);
  const released = { ...manifest, dependencies, devDependencies: {} };
  const dist = { tarball: `${url}/${name}.tgz`, integrity };
  return { name, "dist-tags": { latest: version }, versions: { [version]: { ...released, dist } } };
}

/** `workspace:` and `catalog:` become what is installed here, as packing makes them. */
function releasedVersions(dependencies: unknown, folder: string): Record<string, string> {
  return Object.fromEntries(
    Object.keys(typeof dependencies === "object" && dependencies !== null ? dependencies : {}).map((name) => [
      name,
      `^${String(readManifest(join(folder, "node_modules", name))?.["version"])}`,
    ]),
  );
}

const modelRunners: readonly string[] = ["@puna/engine", "@puna/api-server", "puna"];

/** Whether the package brings an engine, so that its use may be given a model. */
export const runsModels = (name: string): boolean => modelRunners.includes(name);

/**
 * What is installed beside a package: what people use it with, and since the GPU libraries are left out with all
 * other optional dependencies, the platform packages that are needed.
 */
export function besides(name: string): readonly string[] {
  if (name === "@puna/ai-provider") return ["ai@7"];
  if (!runsModels(name)) return [];
  const engine = join(root, "packages/engine/node_modules");
  const llama = readManifest(join(engine, "node-llama-cpp"))?.["version"];
  const koffi = readManifest(join(engine, "koffi"))?.["version"];
  const { platform, arch } = process;
  return [`@node-llama-cpp/${platform}-${arch}@${llama}`, `@koromix/koffi-${platform}-${arch}@${koffi}`];
}

/** Where npm ran: what it said, and whether the registry of the rest of the world could be reached. */
export interface Installed extends CommandResult {
  readonly isOffline: boolean;
}

/**
 * Installs packages into a new project that has nothing else of ours.
 * @param specs  names from the loopback registry, or paths of tarballs
 */
export async function installInto(
  project: string,
  specs: readonly string[],
  options: { readonly registry: string; readonly path?: string },
): Promise<Installed> {
  mkdirSync(project, { recursive: true });
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: basename(project), private: true, type: "module" }),
  );
  const result = await runCommand(
    "npm",
    [
      "install",
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
      "--omit=optional",
      "--prefer-offline",
      "--fetch-retries=5",
      `--@puna:registry=${options.registry}`,
      ...specs,
    ],
    { ...process.env, ...(options.path === undefined ? {} : { PATH: options.path }) },
    { cwd: project },
  );
  const isOffline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT/.test(result.stderr);
  return { ...result, isOffline: result.code !== 0 && isOffline };
}
