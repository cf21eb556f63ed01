import { Args } from "@oclif/core";
import type { Puna } from "@puna/sdk";
import { BaseCommand } from "../base-command.ts";
import { CliError } from "../errors.ts";
import { isNotFound, withStatusPrefix } from "../server/status-prefix.ts";
import { startSpinner } from "../ui/spinner.ts";

export class Stop extends BaseCommand {
  static override description = "Stop a running model";
  static override args = { model: Args.string({ required: true, description: "name of the model" }) };

  async run(): Promise<void> {
    const { args } = await this.parse(Stop);
    using _spinner = startSpinner(this.context.stderr);
    try {
      await unloadModel(this.context.client, args.model);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw new CliError("NOT_FOUND", `couldn't find model "${args.model}" to stop`, { cause: error });
    }
  }
}

/** Asks the server to let go of a model: an empty prompt with keep-alive zero. */
export async function unloadModel(client: Puna, model: string): Promise<void> {
  await withStatusPrefix(client.generate({ model, prompt: "", keep_alive: 0, stream: false }));
}
