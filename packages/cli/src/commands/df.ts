import { Flags } from "@oclif/core";
import { printBytes } from "@puna/protocol";
import { BaseCommand } from "../base-command.ts";
import { ServerRoutes } from "../server/server-routes.ts";
import { countOf } from "../ui/count-of.ts";
import { printTable } from "../ui/table.ts";

export class Df extends BaseCommand {
  static override description = "Show what models take on disk";
  static override flags = { json: Flags.boolean({ description: "Print JSON" }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(Df);
    const usage = await new ServerRoutes(this.context).storeUsage();
    if (flags.json) return this.printJson(usage);
    const rows = [...usage.models]
      .sort((left, right) => right.unique - left.unique)
      .map(({ name, size, unique }) => [name, printBytes(size), printBytes(unique)]);
    this.context.stdout.write(printTable(["NAME", "SIZE", "ITS OWN"], rows));
    const { binName } = this.context;
    this.print(
      `\n${countOf(rows.length, "model")}, ${countOf(usage.blobs, "file")}, ${printBytes(usage.total)} in all`,
    );
    if (usage.reclaimable > 0)
      this.print(`${printBytes(usage.reclaimable)} can be freed with '${binName} prune'`);
  }
}
