import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { ProgressView } from "../ui/progress.ts";

export class Push extends BaseCommand {
  static override description = "Push a model to a registry";
  static override args = { model: Args.string({ required: true, description: "name of the model" }) };
  static override flags = { insecure: Flags.boolean({ description: "use plain HTTP" }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Push);
    await this.context.ensureServer();
    using view = new ProgressView(this.context.stderr);
    const events = await this.context.client.push({
      model: args.model,
      insecure: flags.insecure ?? false,
      stream: true,
    });
    for await (const event of events) view.update(event);
  }
}
