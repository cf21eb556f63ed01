import { homedir } from "node:os";
import { join } from "node:path";
import { parseDuration } from "@puna/protocol";
import { count, durationMs, type Environment, flag, text } from "./environment.ts";
import { type HostAddress, parseHost } from "./host.ts";

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
  readonly remotes: readonly string[];
  readonly noPrune: boolean;
  readonly noHistory: boolean;
  readonly noCloud: boolean;
  readonly debug: "info" | "debug" | "trace";
  /** Absent: chosen by what each template can do. */
  readonly goTemplate?: boolean;
  readonly flashAttention?: boolean;
  readonly kvCacheType: string;
  readonly gpuOverheadBytes: number;
  /** `auto`, `native`, `portable`. */
  readonly driver: string;
  readonly editor: string;
  readonly colors: boolean;
}

const fiveMinutesMs = 5 * 60_000;

/** Reads every variable puna knows, with Ollama's names, defaults and parsing rules. */
export function readConfig(env: Environment): Config {
  const home = text(env, "PUNA_HOME") ?? join(text(env, "HOME") ?? homedir(), ".ollama");
  const parseMs = (value: string) => parseDuration(value) / 1_000_000;
  const loadTimeoutMs = durationMs(env, "OLLAMA_LOAD_TIMEOUT", fiveMinutesMs, parseMs);
  return Object.freeze({
    host: parseHost(text(env, "OLLAMA_HOST")),
    home,
    modelsDir: text(env, "OLLAMA_MODELS") ?? join(home, "models"),
    keepAliveMs: durationMs(env, "OLLAMA_KEEP_ALIVE", fiveMinutesMs, parseMs),
    loadTimeoutMs: loadTimeoutMs <= 0 ? -1 : loadTimeoutMs,
    contextLength: count(env, "OLLAMA_CONTEXT_LENGTH", 0),
    numParallel: Math.max(1, count(env, "OLLAMA_NUM_PARALLEL", 1)),
    maxLoadedModels: count(env, "OLLAMA_MAX_LOADED_MODELS", 0),
    maxQueue: count(env, "OLLAMA_MAX_QUEUE", 512),
    origins: list(text(env, "OLLAMA_ORIGINS")),
    remotes: list(text(env, "OLLAMA_REMOTES") ?? "ollama.com"),
    noPrune: flag(env, "OLLAMA_NOPRUNE") ?? false,
    noHistory: flag(env, "OLLAMA_NOHISTORY") ?? false,
    noCloud: flag(env, "OLLAMA_NO_CLOUD") ?? false,
    debug: debugLevel(text(env, "OLLAMA_DEBUG")),
    ...optional("goTemplate", flag(env, "OLLAMA_GO_TEMPLATE")),
    ...optional("flashAttention", flag(env, "OLLAMA_FLASH_ATTENTION")),
    kvCacheType: text(env, "OLLAMA_KV_CACHE_TYPE") ?? "f16",
    gpuOverheadBytes: count(env, "OLLAMA_GPU_OVERHEAD", 0),
    driver: text(env, "PUNA_DRIVER") ?? "auto",
    editor: text(env, "OLLAMA_EDITOR") ?? text(env, "VISUAL") ?? text(env, "EDITOR") ?? "vi",
    // NO_COLOR counts when present and not empty (no-color.org).
    colors: !env["NO_COLOR"] && env["TERM"] !== "dumb",
  });
}

function list(value: string | undefined): readonly string[] {
  return (value ?? "")
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
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
