import { homedir } from "node:os";
import { join } from "node:path";
import { parseDuration } from "@puna/protocol";
import { byteCount, count, durationMs, type Environment, flag, text } from "./environment.ts";
import { type HostAddress, parseHost, withTls } from "./host.ts";

/** Everything the environment decides; read once, frozen, and passed on as values. */
export interface Config {
  readonly host: HostAddress;
  /** `~/.ollama`, or PUNA_HOME: key pair, history and logs. */
  readonly home: string;
  readonly modelsDir: string;
  /** -1 = forever. */
  readonly keepAliveMs: number;
  /** -1 = no limit. */
  readonly loadTimeoutMs: number;
  /** 0 = chosen from memory. */
  readonly contextLength: number;
  readonly numParallel: number;
  /** 0 = chosen from the devices. */
  readonly maxLoadedModels: number;
  readonly maxQueue: number;
  readonly origins: readonly string[];
  readonly noPrune: boolean;
  readonly noHistory: boolean;
  readonly noCloud: boolean;
  readonly debug: "info" | "debug" | "trace";
  /** Absent: chosen by what each template can do. */
  readonly goTemplate?: boolean;
  readonly flashAttention?: boolean;
  readonly kvCacheType: string;
  /** What all loaded models together may take; 0 = whatever the machine has. */
  readonly memoryLimitBytes: number;
  /** Left free on each GPU. */
  readonly gpuOverheadBytes: number;
  readonly draftTokens: number;
  /** On disk, for conversations of models that are not loaded; 0 = none is kept. */
  readonly stateCacheBytes: number;
  readonly driver: "auto" | "native" | "portable";
  /** What the runners see of the environment: library paths and the choice of devices. */
  readonly runnerEnv: Readonly<Record<string, string | undefined>>;
  readonly proxy: { readonly http?: string; readonly https?: string; readonly no?: string };
  /** Registries of the user's own network; others may not be reached at private addresses. */
  readonly trustedRegistries: readonly string[];
  /** Absent: every registry may be asked. */
  readonly allowedRegistries?: readonly string[];
  /** Bandwidth of all pulls together. Absent: no limit. */
  readonly downloadBytesPerSecond?: number;
  /** PEM file of certificates to trust beside those of Node and the system. */
  readonly certificateFile?: string;
  /** Where `docker login` keeps registry passwords. */
  readonly dockerConfigDir: string;
  /** PEM files that make the server speak HTTPS. */
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  /** Listen where others can reach it, without keys: what Ollama does with OLLAMA_HOST=0.0.0.0. */
  readonly allowUnauthenticated: boolean;
  /** What the commands show to a server that asks for keys. */
  readonly apiKey?: string;
  readonly editor: string;
  /** Variables of Ollama that are set and have no effect here; the server says so when it starts. */
  readonly withoutEffect: readonly string[];
  readonly colors: boolean;
}

const fiveMinutesMs = 5 * 60_000;
const twoGigabytes = 2_000_000_000;

/** Reads every variable puna knows, with Ollama's names, defaults and parsing rules. */
export function readConfig(env: Environment): Config {
  const home = text(env, "PUNA_HOME") ?? join(text(env, "HOME") ?? homedir(), ".ollama");
  const parseMs = (value: string) => parseDuration(value) / 1_000_000;
  const loadTimeoutMs = durationMs(env, "OLLAMA_LOAD_TIMEOUT", fiveMinutesMs, parseMs);
  return Object.freeze({
    host: address(env),
    home,
    modelsDir: text(env, "OLLAMA_MODELS") ?? join(home, "models"),
    keepAliveMs: durationMs(env, "OLLAMA_KEEP_ALIVE", fiveMinutesMs, parseMs),
    loadTimeoutMs: loadTimeoutMs <= 0 ? -1 : loadTimeoutMs,
    contextLength: count(env, "OLLAMA_CONTEXT_LENGTH", 0),
    numParallel: Math.max(1, count(env, "OLLAMA_NUM_PARALLEL", 1)),
    maxLoadedModels: count(env, "OLLAMA_MAX_LOADED_MODELS", 0),
    maxQueue: count(env, "OLLAMA_MAX_QUEUE", 512),
    origins: list(text(env, "OLLAMA_ORIGINS")),
    noPrune: flag(env, "OLLAMA_NOPRUNE") ?? false,
    noHistory: flag(env, "OLLAMA_NOHISTORY") ?? false,
    noCloud: flag(env, "OLLAMA_NO_CLOUD") ?? false,
    debug: debugLevel(text(env, "OLLAMA_DEBUG")),
    ...optional("goTemplate", flag(env, "OLLAMA_GO_TEMPLATE")),
    ...optional("flashAttention", flag(env, "OLLAMA_FLASH_ATTENTION")),
    kvCacheType: text(env, "OLLAMA_KV_CACHE_TYPE") ?? "f16",
    memoryLimitBytes: byteCount(env, "PUNA_MEMORY_LIMIT", 0),
    gpuOverheadBytes: byteCount(env, "OLLAMA_GPU_OVERHEAD", 0),
    draftTokens: count(env, "PUNA_DRAFT_TOKENS", 11),
    stateCacheBytes:
      flag(env, "PUNA_STATE_CACHE") === false ? 0 : byteCount(env, "PUNA_STATE_CACHE", twoGigabytes),
    driver: driver(text(env, "PUNA_DRIVER")),
    runnerEnv: runnerEnv(env),
    proxy: {
      ...optional("http", text(env, "HTTP_PROXY") ?? text(env, "http_proxy")),
      ...optional("https", text(env, "HTTPS_PROXY") ?? text(env, "https_proxy")),
      ...optional("no", text(env, "NO_PROXY") ?? text(env, "no_proxy")),
    },
    ...optional("apiKey", text(env, "PUNA_API_KEY")),
    trustedRegistries: list(text(env, "PUNA_TRUSTED_REGISTRIES")),
    // Set and naming nothing, it allows nothing.
    ...optional("allowedRegistries", listIfSet(text(env, "PUNA_ALLOWED_REGISTRIES"))),
    ...optional("downloadBytesPerSecond", byteCount(env, "PUNA_DOWNLOAD_LIMIT", 0) || undefined),
    // NODE_EXTRA_CA_CERTS is read by Node itself; the other is what Go programs such as Ollama look at.
    ...optional("certificateFile", text(env, "PUNA_CA_FILE") ?? text(env, "SSL_CERT_FILE")),
    dockerConfigDir: text(env, "DOCKER_CONFIG") ?? join(text(env, "HOME") ?? homedir(), ".docker"),
    ...optional("tlsCertificate", text(env, "PUNA_TLS_CERT")),
    ...optional("tlsKey", text(env, "PUNA_TLS_KEY")),
    allowUnauthenticated: flag(env, "PUNA_ALLOW_UNAUTHENTICATED") ?? false,
    editor: text(env, "OLLAMA_EDITOR") ?? text(env, "VISUAL") ?? text(env, "EDITOR") ?? "vi",
    withoutEffect: withoutEffect.filter((name) => text(env, name) !== undefined),
    // NO_COLOR counts when present and not empty (no-color.org).
    colors: !env["NO_COLOR"] && env["TERM"] !== "dumb",
  });
}

function address(env: Environment): HostAddress {
  const written = text(env, "OLLAMA_HOST");
  const host = parseHost(written);
  return text(env, "PUNA_TLS_CERT") === undefined ? host : withTls(host, written);
}

function driver(value: string | undefined): Config["driver"] {
  return value === "native" || value === "portable" ? value : "auto";
}

/** What they decide does not exist here, or is decided otherwise; the README's table says which. */
const withoutEffect: readonly string[] = [
  "LLAMA_ARG_FIT",
  "LLAMA_ARG_FIT_TARGET",
  "OLLAMA_AUTH",
  "OLLAMA_CLOUD_BASE_URL",
  "OLLAMA_DEBUG_LOG_REQUESTS",
  "OLLAMA_EXPERIMENT",
  "OLLAMA_IGPU_ENABLE",
  "OLLAMA_LLAMA_CPP_COMPAT",
  "OLLAMA_LLM_LIBRARY",
  "OLLAMA_MAX_TRANSFER_STREAMS",
  "OLLAMA_REMOTES",
  "OLLAMA_SCHED_SPREAD",
  "OLLAMA_VULKAN",
];

/** Names that decide where libraries are found and which devices are used; nothing else reaches a runner. */
const runnerVariables =
  /^(PATH|HOME|TMPDIR|TEMP|TMP|SystemRoot|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|CUDA_|HIP_|ROCR_|GGML_|GPU_DEVICE_ORDINAL|HSA_|NODE_EXTRA_CA_CERTS|PUNA_LLAMA_LIBRARIES|PUNA_MATMUL)/;

function runnerEnv(env: Environment): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => runnerVariables.test(name)));
}

function list(value: string | undefined): readonly string[] {
  return (value ?? "")
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function listIfSet(value: string | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : list(value);
}

function debugLevel(value: string | undefined): Config["debug"] {
  if (value === undefined) return "info";
  const level = Number(value);
  if (Number.isInteger(level)) return level >= 2 ? "trace" : level === 1 ? "debug" : "info";
  return /^(f|false)$/i.test(value) ? "info" : "debug";
}

function optional<TName extends string, TValue>(
  name: TName,
  value: TValue | undefined,
): Partial<Record<TName, TValue>> {
  const result: Partial<Record<TName, TValue>> = {};
  if (value !== undefined) result[name] = value;
  return result;
}
