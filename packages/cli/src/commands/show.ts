import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { CliError } from "../errors.ts";
import { refuseImageModel } from "../run/prepare-model.ts";
import { printModelCard } from "../ui/model-card.ts";

const parts = ["license", "modelfile", "parameters", "system", "template"] as const;

export class Show extends BaseCommand {
  static override description = "Show information for a model";
  static override args = { model: Args.string({ required: true, description: "name of the model" }) };
  static override flags = {
    license: Flags.boolean({ description: "Show license of a model" }),
    modelfile: Flags.boolean({ description: "Show Modelfile of a model" }),
    parameters: Flags.boolean({ description: "Show parameters of a model" }),
    template: Flags.boolean({ description: "Show template of a model" }),
    system: Flags.boolean({ description: "Show system message of a model" }),
    verbose: Flags.boolean({ char: "v", description: "Show detailed model information" }),
    json: Flags.boolean({ description: "Print the server's answer as JSON" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Show);
    const chosen = parts.filter((part) => flags[part]);
    if (chosen.length > 1) {
      throw new CliError(
        "USAGE",
        "only one of '--license', '--modelfile', '--parameters', '--system', or '--template' can be specified",
      );
    }
    const model = await this.context.client.show({ model: args.model, verbose: flags.verbose ?? false });
    if (flags.json) return this.printJson(model);
    refuseImageModel(model);
    const part = chosen[0];
    if (part === undefined) {
      const { colors, stdout } = this.context;
      stdout.write(
        printModelCard(model, { verbose: flags.verbose ?? false, styled: colors && stdout.isTTY === true }),
      );
      return;
    }
    // Template and system are printed as they are; the others end their last line.
    const newline = part === "template" || part === "system" ? "" : "\n";
    this.context.stdout.write(`${model[part] ?? ""}${newline}`);
  }
}
