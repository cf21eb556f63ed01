/** What a command reads from the environment, as its help says it. */
export const environmentVariables = {
  OLLAMA_CONTEXT_LENGTH: "Context length to use unless otherwise specified (default: chosen from memory)",
  OLLAMA_DEBUG: "Show additional debug information (e.g. OLLAMA_DEBUG=1)",
  OLLAMA_EDITOR: "Path to editor for interactive prompt editing (Ctrl+G)",
  OLLAMA_FLASH_ATTENTION: "Enabled flash attention",
  OLLAMA_GPU_OVERHEAD: "Reserve a portion of VRAM per GPU (bytes)",
  OLLAMA_HOST: "IP Address for the server (default 127.0.0.1:11434)",
  OLLAMA_KEEP_ALIVE: 'The duration that models stay loaded in memory (default "5m")',
  OLLAMA_KV_CACHE_TYPE: "Quantization type for the K/V cache (default: f16)",
  OLLAMA_LOAD_TIMEOUT: 'How long to allow model loads to stall before giving up (default "5m")',
  OLLAMA_MAX_LOADED_MODELS: "Maximum number of loaded models per GPU",
  OLLAMA_MAX_QUEUE: "Maximum number of queued requests",
  OLLAMA_MODELS: "The path to the models directory",
  OLLAMA_NO_CLOUD: "Disable cloud features (remote inference and web search)",
  OLLAMA_NOHISTORY: "Do not preserve readline history",
  OLLAMA_NOPRUNE: "Do not prune model blobs on startup",
  OLLAMA_NUM_PARALLEL: "Maximum number of parallel requests",
  OLLAMA_ORIGINS: "A comma separated list of allowed origins",
  PUNA_ALLOW_UNAUTHENTICATED: "Listen where others can reach the server without API keys",
  PUNA_API_KEY: "API key to show to a server that asks for one",
  PUNA_DRIVER: "Which llama.cpp driver runs models: auto, native or portable",
  PUNA_HOME: "Folder of key pair, history and logs (default ~/.ollama)",
  PUNA_TRUSTED_REGISTRIES: "A comma separated list of registries at private addresses",
} as const;

export type EnvironmentVariable = keyof typeof environmentVariables;
