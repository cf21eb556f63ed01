import { Flags } from "@oclif/core";
import { parseDuration, printBytes } from "@puna/protocol";
import { BaseCommand } from "../base-command.ts";
import { ServerRoutes } from "../server/server-routes.ts";
import { printTable } from "../ui/table.ts";

const nanosecondsPerSecond = 1e9;

export class Prune extends BaseCommand {
  static override description = "Remove files that no model uses";
  static override flags = {
    "dry-run": Flags.boolean({ description: "Only show what would go" }),
    "older-than": Flags.string({
      description: "Leave files changed within this time, such as 30m (default 1h)",
    }),
    json: Flags.boolean({ description: "Print JSON" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Prune);
    const age = flags["older-than"];
    const result = await new ServerRoutes(this.context).prune({
      dry_run: flags["dry-run"] ?? false,
      ...(age === undefined
        ? {}
        : { min_age_seconds: Math.floor(parseDuration(age) / nanosecondsPerSecond) }),
    });
    if (flags.json) return this.printJson(result);
    if (result.removed.length > 0) {
      const rows = result.removed.map(({ kind, size, path }) => [kind, printBytes(size), path]);
      this.context.stdout.write(`${printTable(["KIND", "SIZE", "FILE"], rows)}\n`);
    }
    this.print(`${result.dry_run ? "would free" : "freed"} ${printBytes(result.freed)}`);
  }
}
