import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Args, Flags } from "@oclif/core";
import { createFromModelfile } from "@puna/sdk/node";
import { BaseCommand } from "../base-command.ts";
import { CliError } from "../errors.ts";
import { ProgressView } from "../ui/progress.ts";

export class Create extends BaseCommand {
  static override description = "Create a model";
  static override args = { model: Args.string({ required: true, description: "name of the new model" }) };
  static override flags = {
    file: Flags.string({ char: "f", description: 'name of the Modelfile (default "Modelfile")' }),
    quantize: Flags.string({ char: "q", description: "quantize model to this level (e.g. q4_K_M)" }),
    "draft-quantize": Flags.string({ description: "quantize the draft model to this level" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Create);
    const { context } = this;
    const source = await this.#findModelfile(flags.file);
    await context.ensureServer();
    using view = new ProgressView(context.stderr);
    const events = createFromModelfile(context.client, {
      model: args.model,
      modelfile: source.modelfile,
      directory: source.directory,
      home: context.userHome,
      quantize: flags.quantize,
      draftQuantize: flags["draft-quantize"],
      onWarning: (warning) => context.stderr.write(`${warning}\n`),
    });
    for await (const event of events) view.update(event);
  }

  /** The named file; a folder of model files counts as `FROM` itself. */
  async #findModelfile(name: string | undefined): Promise<{ modelfile: Uint8Array | string; directory: string }> {
    const path = resolve(this.context.cwd, name ?? "Modelfile");
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) return { modelfile: "FROM .", directory: path };
    if (found?.isFile()) return { modelfile: await readFile(path), directory: dirname(path) };
    if (name !== undefined) throw new CliError("NOT_FOUND", "no Modelfile or safetensors files found");
    return { modelfile: "FROM .", directory: this.context.cwd };
  }
}
