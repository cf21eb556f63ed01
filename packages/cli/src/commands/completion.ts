import { Args } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { CliError } from "../errors.ts";
import { type CompletedCommand, completionScripts } from "../ui/completion-scripts.ts";

export class Completion extends BaseCommand {
  static override description = "Print a completion script for a shell";
  static override environment = [];
  static override args = {
    shell: Args.string({ required: true, description: Object.keys(completionScripts).join(", ") }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Completion);
    const print = Object.hasOwn(completionScripts, args.shell) ? completionScripts[args.shell] : undefined;
    if (print === undefined) {
      throw new CliError(
        "USAGE",
        `unknown shell "${args.shell}": use ${Object.keys(completionScripts).join(", ")}`,
      );
    }
    this.context.stdout.write(print(this.context.binName, await this.#commands()));
  }

  async #commands(): Promise<CompletedCommand[]> {
    const found = this.config.commandIDs
      .map((id) => ({ id, command: this.config.findCommand(id) }))
      .filter(({ command }) => command !== undefined && command.hidden !== true);
    return Promise.all(
      found.map(async ({ id, command }) => {
        const loaded = await command?.load();
        return {
          name: id,
          description: loaded?.description ?? "",
          flags: Object.keys(loaded?.flags ?? {}),
          takesModel: Object.keys(loaded?.args ?? {})[0] === "model" && !["pull", "create"].includes(id),
        };
      }),
    );
  }
}
