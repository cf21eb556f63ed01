import { Args, Flags } from "@oclif/core";
import type { Puna } from "@puna/sdk";
import { BaseCommand } from "../base-command.ts";
import type { OutputStream } from "../context.ts";
import { withStatusPrefix } from "../server/status-prefix.ts";
import { ProgressView } from "../ui/progress.ts";

export class Pull extends BaseCommand {
  static override description = "Pull a model from a registry";
  static override args = { model: Args.string({ required: true, description: "name of the model" }) };
  static override flags = { insecure: Flags.boolean({ description: "use plain HTTP" }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Pull);
    await this.context.ensureServer();
    await pullWithProgress(this.context.client, this.context.stderr, {
      model: args.model,
      insecure: flags.insecure ?? false,
    });
  }
}

export async function pullWithProgress(
  client: Puna,
  out: OutputStream,
  request: { readonly model: string; readonly insecure: boolean },
): Promise<void> {
  using view = new ProgressView(out);
  view.update({ status: "pulling manifest" });
  const events = await withStatusPrefix(client.pull({ ...request, stream: true }));
  for await (const event of events) view.update(event);
}
