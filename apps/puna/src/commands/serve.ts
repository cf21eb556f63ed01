import { Flags } from "@oclif/core";
import { parseDuration } from "@puna/protocol";
import { AppCommand } from "../app-command.ts";
import { readConfig } from "../config.ts";

export class Serve extends AppCommand {
  static override description = "Start the server: Ollama, OpenAI and Anthropic APIs";
  static override flags = {
    "idle-exit": Flags.string({ description: "end when nothing was asked for so long, such as 10m" }),
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
