import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { printModelList } from "../ui/model-list.ts";

export class List extends BaseCommand {
  static override description = "List models";
  static override args = { prefix: Args.string({ description: "show only names that begin with this" }) };
  static override strict = false;
  static override arity = { min: 0, max: Number.POSITIVE_INFINITY };
  static otherNames = ["ls"];
  static override flags = { json: Flags.boolean({ description: "Print JSON" }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(List);
    const prefix = (args.prefix ?? "").toLowerCase();
    const { models } = await this.context.client.list();
    const shown = (models ?? []).filter((model) => model.name.toLowerCase().startsWith(prefix));
    if (flags.json) return this.printJson({ models: shown });
    this.context.stdout.write(printModelList(shown, new Date()));
  }
}
