import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { RegistryError } from "../errors.ts";

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Credentials for a registry host, or undefined. They are for that host only. */
export type FindCredentials = (host: string, signal: AbortSignal) => Promise<Credentials | undefined>;

const helperTimeoutMs = 15_000;
const maxHelperBytes = 64 * 1024;

/**
 * Looks up what `docker login` stored: `auths`, `credHelpers` and `credsStore` of a Docker config file.
 * @throws RegistryError `CREDENTIALS_FAILED` when a helper fails for another reason than knowing nothing
 */
export function dockerCredentials(configFile: string): FindCredentials {
  return async (host, signal) => {
    const config = parseConfig(await readFile(configFile, "utf8").catch(() => "{}"));
    // `docker login` keeps Docker Hub under a name and a URL of old.
    const isHub = host === "registry-1.docker.io";
    const key = isHub ? "index.docker.io" : host;
    const helper = config.credHelpers.get(key) ?? config.credsStore;
    if (helper !== undefined) {
      const found = await askHelper(helper, isHub ? "https://index.docker.io/v1/" : host, signal);
      if (found !== undefined) return found;
    }
    return decodeAuth(config.auths.get(key));
  };
}

interface DockerConfig {
  readonly auths: ReadonlyMap<string, string>;
  readonly credHelpers: ReadonlyMap<string, string>;
  readonly credsStore: string | undefined;
}

function parseConfig(text: string): DockerConfig {
  const value = parseObject(text);
  const auths = new Map<string, string>();
  for (const [key, entry] of Object.entries(asObject(value["auths"]))) {
    const { auth } = asObject(entry);
    if (typeof auth === "string") auths.set(hostOf(key), auth);
  }
  const credHelpers = new Map<string, string>();
  for (const [key, entry] of Object.entries(asObject(value["credHelpers"]))) {
    if (typeof entry === "string") credHelpers.set(hostOf(key), entry);
  }
  const { credsStore } = value;
  return { auths, credHelpers, credsStore: typeof credsStore === "string" ? credsStore : undefined };
}

/** `docker login` writes `host`, `https://host` or `https://host/v1/`. */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
}

function decodeAuth(auth: string | undefined): Credentials | undefined {
  if (auth === undefined) return undefined;
  const text = Buffer.from(auth, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Speaks the credential helper protocol: host in, JSON out. */
async function askHelper(
  helper: string,
  host: string,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  // The name becomes part of a command: it must not be a path.
  if (!/^[A-Za-z0-9._-]+$/.test(helper)) throw failed(helper, "its name is not valid");
  const command = `docker-credential-${helper}`;
  const { promise, resolve, reject } = Promise.withResolvers<{
    readonly code: number | null;
    readonly text: string;
  }>();
  const child = spawn(command, ["get"], {
    stdio: ["pipe", "pipe", "ignore"],
    signal: AbortSignal.any([signal, AbortSignal.timeout(helperTimeoutMs)]),
  });
  let text = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (chunk: string) => {
    text += chunk;
    if (text.length > maxHelperBytes) child.kill();
  });
  child.on("error", reject);
  child.on("close", (code) => resolve({ code, text }));
  child.stdin.on("error", () => {});
  child.stdin.end(host);
  let answer: { readonly code: number | null; readonly text: string };
  try {
    answer = await promise;
  } catch (error) {
    signal.throwIfAborted();
    throw failed(helper, "it could not be run", error);
  }
  if (answer.code !== 0) {
    if (/not found/i.test(answer.text)) return undefined;
    throw failed(helper, `it ended with code ${answer.code}`);
  }
  const { Username: username, Secret: password } = parseObject(answer.text);
  if (typeof username !== "string" || typeof password !== "string")
    throw failed(helper, "its answer has no user name and secret");
  return { username, password };
}

function failed(helper: string, why: string, cause?: unknown): RegistryError {
  return new RegistryError("CREDENTIALS_FAILED", `Docker credential helper ${helper} gave nothing: ${why}`, {
    cause,
  });
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return {};
  }
}

function asObject(value: unknown): Record<string, unknown> {
  // An object by the check before it; its values stay unknown.
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
