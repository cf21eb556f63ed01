import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

const read = (env: Record<string, string> = {}) => readConfig({ HOME: "/home/someone", ...env });

describe("readConfig", () => {
  it("uses Ollama's defaults when nothing is set", () => {
    expect(read()).toMatchObject({
      home: "/home/someone/.ollama",
      modelsDir: "/home/someone/.ollama/models",
      keepAliveMs: 300_000,
      loadTimeoutMs: 300_000,
      contextLength: 0,
      numParallel: 1,
      maxLoadedModels: 0,
      maxQueue: 512,
      origins: [],
      noPrune: false,
      noHistory: false,
      debug: "info",
      kvCacheType: "f16",
    });
    expect(read().goTemplate).toBeUndefined();
    expect(read().flashAttention).toBeUndefined();
  });

  it("puts everything but the models under PUNA_HOME and the models under OLLAMA_MODELS", () => {
    const config = read({ PUNA_HOME: "/data/puna", OLLAMA_MODELS: "/data/models" });
    expect([config.home, config.modelsDir]).toEqual(["/data/puna", "/data/models"]);
  });

  it.each([
    ["10m", 600_000],
    ["30", 30_000],
    ["0", 0],
    ["-1", -1],
    ["-5m", -1],
    ["rubbish", 300_000],
  ])("reads OLLAMA_KEEP_ALIVE=%s as %d ms", (value, ms) => {
    expect(read({ OLLAMA_KEEP_ALIVE: value }).keepAliveMs).toBe(ms);
  });

  it.each([
    ["0", -1],
    ["-1", -1],
    ["90s", 90_000],
  ])("reads OLLAMA_LOAD_TIMEOUT=%s as %d ms", (value, ms) => {
    expect(read({ OLLAMA_LOAD_TIMEOUT: value }).loadTimeoutMs).toBe(ms);
  });

  it.each([
    ["1", true],
    ["true", true],
    ["0", false],
    ["False", false],
    ["anything", true],
    ['"1"', true],
  ])("reads OLLAMA_NOPRUNE=%s as %s", (value, expected) => {
    expect(read({ OLLAMA_NOPRUNE: value }).noPrune).toBe(expected);
  });

  it("limits nothing about registries unless asked", () => {
    const config = read({ PUNA_ALLOWED_REGISTRIES: "", PUNA_DOWNLOAD_LIMIT: "fast" });
    expect(config.allowedRegistries).toBeUndefined();
    expect(config.downloadBytesPerSecond).toBeUndefined();
    expect(config.certificateFile).toBeUndefined();
  });

  it("allows no registry where the list of them names none", () => {
    expect(read({ PUNA_ALLOWED_REGISTRIES: " , " }).allowedRegistries).toEqual([]);
  });

  it("reads which registries may be asked", () => {
    const config = read({ PUNA_ALLOWED_REGISTRIES: "registry.ollama.ai, hf.co" });
    expect(config.allowedRegistries).toEqual(["registry.ollama.ai", "hf.co"]);
  });

  it.each([
    ["500000", 500_000],
    ["20M", 20_000_000],
    ["1.5 GB", 1_500_000_000],
    ["64k", 64_000],
    ["0", undefined],
    ["-5M", undefined],
  ])("reads PUNA_DOWNLOAD_LIMIT=%s as %s bytes a second", (value, expected) => {
    expect(read({ PUNA_DOWNLOAD_LIMIT: value }).downloadBytesPerSecond).toBe(expected);
  });

  it("takes further certificates from PUNA_CA_FILE, else from SSL_CERT_FILE", () => {
    expect(read({ SSL_CERT_FILE: "/b.pem" }).certificateFile).toBe("/b.pem");
    expect(read({ SSL_CERT_FILE: "/b.pem", PUNA_CA_FILE: "/a.pem" }).certificateFile).toBe("/a.pem");
  });

  it("reads counts, lists and levels", () => {
    const config = read({
      OLLAMA_CONTEXT_LENGTH: "8192",
      OLLAMA_NUM_PARALLEL: "4",
      OLLAMA_MAX_LOADED_MODELS: "2",
      OLLAMA_MAX_QUEUE: "7",
      OLLAMA_ORIGINS: "http://a.example, https://b.example",
      OLLAMA_DEBUG: "2",
      OLLAMA_GO_TEMPLATE: "0",
      OLLAMA_FLASH_ATTENTION: "1",
      OLLAMA_KV_CACHE_TYPE: "q8_0",
      OLLAMA_NOHISTORY: "1",
      OLLAMA_EDITOR: "nano",
      NO_COLOR: "1",
    });
    expect(config).toMatchObject({
      contextLength: 8192,
      numParallel: 4,
      maxLoadedModels: 2,
      maxQueue: 7,
      origins: ["http://a.example", "https://b.example"],
      debug: "trace",
      goTemplate: false,
      flashAttention: true,
      kvCacheType: "q8_0",
      noHistory: true,
      editor: "nano",
      colors: false,
    });
  });

  it("keeps conversations on disk within two gigabytes, so many as asked for, or none", () => {
    const bytes = (PUNA_STATE_CACHE?: string) =>
      readConfig({ HOME: "/home/u", PUNA_STATE_CACHE }).stateCacheBytes;
    expect([bytes(), bytes("500M"), bytes("nonsense")]).toEqual([2e9, 5e8, 2e9]);
    expect([bytes("0"), bytes("0G"), bytes("false")]).toEqual([0, 0, 0]);
  });

  it.each([
    ["OLLAMA_HOST", "0.0.0.0:1234", "host", { scheme: "http", hostname: "0.0.0.0", port: 1234 }],
    ["OLLAMA_MODELS", "/m", "modelsDir", "/m"],
    ["OLLAMA_KEEP_ALIVE", "-1", "keepAliveMs", -1],
    ["OLLAMA_LOAD_TIMEOUT", "0", "loadTimeoutMs", -1],
    ["OLLAMA_CONTEXT_LENGTH", "77", "contextLength", 77],
    ["OLLAMA_NUM_PARALLEL", "0", "numParallel", 1],
    ["OLLAMA_MAX_LOADED_MODELS", "x", "maxLoadedModels", 0],
    ["OLLAMA_MAX_QUEUE", "1", "maxQueue", 1],
    ["OLLAMA_ORIGINS", "*", "origins", ["*"]],
    ["OLLAMA_NOPRUNE", "yes", "noPrune", true],
    ["OLLAMA_NOHISTORY", "t", "noHistory", true],
    ["OLLAMA_NO_CLOUD", "1", "noCloud", true],
    ["OLLAMA_DEBUG", "true", "debug", "debug"],
    ["OLLAMA_GO_TEMPLATE", "1", "goTemplate", true],
    ["OLLAMA_FLASH_ATTENTION", "0", "flashAttention", false],
    ["OLLAMA_KV_CACHE_TYPE", " q4_0 ", "kvCacheType", "q4_0"],
    ["OLLAMA_EDITOR", "'nano -w'", "editor", "nano -w"],
    ["HTTP_PROXY", "http://p:1", "proxy", { http: "http://p:1" }],
    ["HTTPS_PROXY", "http://p:2", "proxy", { https: "http://p:2" }],
    ["NO_PROXY", "a,b", "proxy", { no: "a,b" }],
    ["DOCKER_CONFIG", "/d", "dockerConfigDir", "/d"],
    ["PUNA_DRIVER", "portable", "driver", "portable"],
    ["PUNA_MEMORY_LIMIT", "5", "memoryLimitBytes", 5],
    ["OLLAMA_GPU_OVERHEAD", "1073741824", "gpuOverheadBytes", 2 ** 30],
    ["PUNA_DRAFT_TOKENS", "0", "draftTokens", 0],
    ["PUNA_MEMORY_LIMIT", "16GiB", "memoryLimitBytes", 16 * 2 ** 30],
    ["PUNA_API_KEY", "k", "apiKey", "k"],
    ["PUNA_TRUSTED_REGISTRIES", "r:5000", "trustedRegistries", ["r:5000"]],
    ["PUNA_TLS_CERT", "/c.pem", "tlsCertificate", "/c.pem"],
    ["PUNA_TLS_KEY", "/k.pem", "tlsKey", "/k.pem"],
    ["PUNA_ALLOW_UNAUTHENTICATED", "1", "allowUnauthenticated", true],
  ] as const)("reads %s=%s as %s", (name, value, key, expected) => {
    expect(read({ [name]: value })[key]).toEqual(expected);
  });

  it.each([
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
    "GGML_VK_VISIBLE_DEVICES",
    "GPU_DEVICE_ORDINAL",
    "HSA_OVERRIDE_GFX_VERSION",
    "LD_LIBRARY_PATH",
    "PUNA_LLAMA_LIBRARIES",
  ])("hands %s to the runners", (name) => {
    expect(read({ [name]: "1" }).runnerEnv).toEqual({ HOME: "/home/someone", [name]: "1" });
  });

  it.each([
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
  ])("notices that %s is set, which has no effect here", (name) => {
    expect(read({ [name]: "1" }).withoutEffect).toEqual([name]);
    expect(read({ [name]: " " }).withoutEffect).toEqual([]);
  });

  it("has every variable that it reads in the table of the README", () => {
    const folder = new URL("..", import.meta.url);
    const source = readFileSync(new URL("src/config.ts", folder), "utf8");
    const readme = readFileSync(new URL("README.md", folder), "utf8");
    const names = new Set(source.match(/(?<=")(?:OLLAMA|PUNA|LLAMA|DOCKER|SSL)_[A-Z_]+(?=")/g));
    expect(names.size).toBeGreaterThan(40);
    expect([...names].filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });
});
