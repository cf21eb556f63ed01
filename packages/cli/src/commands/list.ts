import { Args, Flags } from "@oclif/core";
import { printBytes } from "@puna/protocol";
import { BaseCommand } from "../base-command.ts";
import { humanTime } from "../ui/human-time.ts";
import { printTable } from "../ui/table.ts";

const shortIdLength = 12;

export class List extends BaseCommand {
  static override description = "List models";
  static override args = { prefix: Args.string({ description: "show only names that begin with this" }) };
  static override arity = { min: 0, max: 1 };
  static override flags = { json: Flags.boolean({ description: "print JSON" }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(List);
    const prefix = (args.prefix ?? "").toLowerCase();
    const { models } = await this.context.client.list();
    const shown = models.filter((model) => model.name.toLowerCase().startsWith(prefix));
    if (flags.json) return this.printJson({ models: shown });
    const now = new Date();
    const rows = shown.map((model) => [
      model.name,
      model.digest.slice(0, shortIdLength),
      model.remote_model ? "-" : printBytes(model.size),
      humanTime(new Date(model.modified_at), now),
    ]);
    this.context.stdout.write(printTable(["NAME", "ID", "SIZE", "MODIFIED"], rows));
  }
}
