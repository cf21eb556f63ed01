import { Args } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";

export class Cp extends BaseCommand {
  static override description = "Copy a model";
  static override args = {
    source: Args.string({ required: true, description: "name of the model" }),
    destination: Args.string({ required: true, description: "its new name" }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Cp);
    await this.context.client.copy({ source: args.source, destination: args.destination });
    this.print(`copied '${args.source}' to '${args.destination}'`);
  }
}
