import { Flags } from "@oclif/core";
import { AppCommand } from "../app-command.ts";
import { readConfig } from "../config.ts";

export class Doctor extends AppCommand {
  static override description = "Check this machine, the models folder and the server, and say what to do";
  static environment = ["OLLAMA_HOST", "OLLAMA_MODELS", "PUNA_API_KEY", "PUNA_DRIVER", "PUNA_HOME"] as const;
  static override flags = {
    json: Flags.boolean({ description: "Print JSON" }),
    verify: Flags.boolean({ description: "Also compare every file with its checksum" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Doctor);
    // Loaded here: other commands start without store and engine.
    const { examine } = await import("../doctor/examine.ts");
    const { printFindings } = await import("../doctor/print-findings.ts");
    const config = readConfig(process.env);
    const { version } = this.config;
    const checks = await examine(config, { version, verify: flags.verify });
    const ok = checks.every(({ status }) => status !== "problem");
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ ok, version, checks }, null, 2)}\n`
        : printFindings(checks, {
            colors: config.colors && process.stdout.isTTY,
            columns: process.stdout.columns,
            userHome: process.env["HOME"],
          }),
    );
    if (!ok) process.exitCode = 1;
  }
}
