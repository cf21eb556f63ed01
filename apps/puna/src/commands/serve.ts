import { Flags } from "@oclif/core";
import { parseDuration } from "@puna/protocol";
import { AppCommand } from "../app-command.ts";
import { readConfig } from "../config.ts";

export class Serve extends AppCommand {
  static override description = "Start puna";
  static otherNames = ["start"];
  static environment = [
    "OLLAMA_DEBUG",
    "OLLAMA_HOST",
    "OLLAMA_CONTEXT_LENGTH",
    "OLLAMA_KEEP_ALIVE",
    "OLLAMA_MAX_LOADED_MODELS",
    "OLLAMA_MAX_QUEUE",
    "OLLAMA_MODELS",
    "OLLAMA_NUM_PARALLEL",
    "OLLAMA_NO_CLOUD",
    "OLLAMA_NOPRUNE",
    "OLLAMA_ORIGINS",
    "OLLAMA_FLASH_ATTENTION",
    "OLLAMA_KV_CACHE_TYPE",
    "OLLAMA_GPU_OVERHEAD",
    "OLLAMA_LOAD_TIMEOUT",
    "PUNA_ALLOW_UNAUTHENTICATED",
    "PUNA_ALLOWED_REGISTRIES",
    "PUNA_CA_FILE",
    "PUNA_DOWNLOAD_LIMIT",
    "PUNA_DRAFT_TOKENS",
    "PUNA_DRIVER",
    "PUNA_HOME",
    "PUNA_MEMORY_LIMIT",
    "PUNA_STATE_CACHE",
    "PUNA_TLS_CERT",
    "PUNA_TLS_KEY",
    "PUNA_TRUSTED_REGISTRIES",
  ] as const;
  static override flags = {
    "idle-exit": Flags.string({ description: "End when nothing was asked for so long, such as 10m" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Serve);
    const idleExit = flags["idle-exit"];
    const idleMs = idleExit === undefined ? undefined : parseDuration(idleExit) / 1_000_000;
    // Everything the server is made of is loaded here, so that other commands start without it.
    const { runServer } = await import("../run-server.ts");
    await runServer(readConfig(process.env), this.config.version, idleMs);
  }
}
