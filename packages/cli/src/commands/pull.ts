import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import type { CliContext } from "../context.ts";
import { pullOrSuggestCloud } from "../run/cloud-suggestion.ts";
import { withStatusPrefix } from "../server/status-prefix.ts";
import { openProgress } from "../ui/progress-output.ts";

export class Pull extends BaseCommand {
  static override description = "Pull a model from a registry";
  static override args = { model: Args.string({ required: true, description: "name of the model" }) };
  static override flags = {
    insecure: Flags.boolean({ description: "Use an insecure registry" }),
    json: Flags.boolean({ description: "Print progress as JSON lines" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Pull);
    await this.context.ensureServer();
    const insecure = flags.insecure ?? false;
    await pullOrSuggestCloud(this.context, { model: args.model, insecure, command: "pull" }, (model) =>
      pullWithProgress(this.context, { model, insecure }, flags.json),
    );
  }
}

export async function pullWithProgress(
  context: CliContext,
  request: { readonly model: string; readonly insecure: boolean },
  asJson?: boolean,
): Promise<void> {
  using progress = openProgress(context, asJson);
  const events = await withStatusPrefix(context.client.pull({ ...request, stream: true }));
  for await (const event of events) progress.update(event);
}
