import { Args } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { CliError } from "../errors.ts";
import { isNotFound } from "../server/status-prefix.ts";
import { startSpinner } from "../ui/spinner.ts";
import { unloadModel } from "./stop.ts";

export class Rm extends BaseCommand {
  static override description = "Remove a model";
  static override usage = "MODEL [MODEL...]";
  static override strict = false;
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override args = { model: Args.string({ description: "names of the models" }) };

  async run(): Promise<void> {
    const { argv } = await this.parse(Rm);
    const names = argv.filter((word): word is string => typeof word === "string");
    for (const name of names) {
      await this.#unload(name);
      await this.context.client.delete({ model: name });
      this.print(`deleted '${name}'`);
    }
  }

  /** A model that is not loaded, or cannot be, is deleted all the same. */
  async #unload(name: string): Promise<void> {
    using _spinner = startSpinner(this.context.stderr);
    try {
      await unloadModel(this.context.client, name);
    } catch (error) {
      if (!CliError.is(error)) throw error;
      if (!isNotFound(error)) this.context.stderr.write(`Warning: unable to stop model '${name}'\n`);
    }
  }
}
