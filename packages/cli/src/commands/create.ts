import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Args, Flags } from "@oclif/core";
import { ModelName, type ProgressResponse, ProtocolError } from "@puna/protocol";
import { BaseCommand } from "../base-command.ts";
import { CliError } from "../errors.ts";
import { withStatusPrefix } from "../server/status-prefix.ts";
import { openProgress, type ProgressOutput } from "../ui/progress-output.ts";

export class Create extends BaseCommand {
  static override description = "Create a model";
  static override args = { model: Args.string({ required: true, description: "name of the new model" }) };
  static override flags = {
    file: Flags.string({ char: "f", description: 'Name of the Modelfile (default "Modelfile")' }),
    quantize: Flags.string({ char: "q", description: "Quantize model to this level (e.g. q4_K_M)" }),
    json: Flags.boolean({ description: "Print progress as JSON lines" }),
    experimental: Flags.boolean({ description: "Import safetensors (not supported: fails)" }),
    "draft-quantize": Flags.string({ description: "Quantize draft model to this level" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Create);
    const { context } = this;
    using progress = openProgress(context, flags.json);
    if (!ModelName.parse(args.model).isValid())
      throw new CliError("USAGE", `invalid model name: ${args.model}`);
    if (flags.experimental)
      throw new CliError("USAGE", "safetensors cannot be imported here; convert the model to GGUF first");
    const source = await this.#findModelfile(flags.file || undefined);
    await context.ensureServer();
    if (source === undefined) {
      progress.update({ status: "gathering model components" });
      throw new CliError("NOT_FOUND", "no Modelfile or safetensors files found");
    }
    if (flags["draft-quantize"] !== undefined) await requireDraft(source.modelfile, progress);
    // Loaded only now: parsing Modelfiles is no business of other commands.
    const { createFromModelfile } = await import("@puna/sdk/node");
    const events = createFromModelfile(context.client, {
      model: args.model,
      modelfile: source.modelfile,
      directory: source.directory,
      home: context.userHome,
      quantize: flags.quantize,
      draftQuantize: flags["draft-quantize"],
      onWarning: (warning) => (flags.json ? context.stderr : context.stdout).write(`warning: ${warning}\n`),
    });
    const shown = flags.json || context.stderr.isTTY ? events : forLog(events);
    for await (const event of withPlainErrors(shown, source.directory)) progress.update(event);
  }

  /** The named file; a folder of model files counts as `FROM` itself. */
  async #findModelfile(
    name: string | undefined,
  ): Promise<{ modelfile: Uint8Array | string; directory: string } | undefined> {
    const path = resolve(this.context.cwd, name ?? "Modelfile");
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) return { modelfile: "FROM .", directory: path };
    if (found?.isFile()) return { modelfile: await readFile(path), directory: dirname(path) };
    // A mistyped name must not make a model of whatever else lies here.
    if (name !== undefined) return undefined;
    return { modelfile: "FROM .", directory: this.context.cwd };
  }
}

/** Fails before anything is sent where there is no draft model to quantize. */
async function requireDraft(modelfile: Uint8Array | string, progress: ProgressOutput): Promise<void> {
  const { parseModelfile } = await import("@puna/protocol/modelfile");
  if (parseModelfile(modelfile).commands.some(({ name }) => name === "draft")) return;
  progress.update({ status: "gathering model components" });
  throw new CliError("USAGE", "--draft-quantize requires a DRAFT model");
}

/** In a pipe or log: one line for each file once it is there, none for work that is over in a moment. */
async function* forLog(events: AsyncGenerator<ProgressResponse>): AsyncGenerator<ProgressResponse> {
  for await (const event of events) {
    if (event.status.startsWith("hashing ")) continue;
    if (!event.status.startsWith("copying file ")) yield event;
    else if (event.completed === event.total) yield { status: `${event.status} 100%` };
  }
}

/** Errors in the words of this command line: the status line of a refusal, the whole path of a file that is missing. */
async function* withPlainErrors(
  events: AsyncGenerator<ProgressResponse>,
  directory: string,
): AsyncGenerator<ProgressResponse> {
  try {
    for (;;) {
      const next = await withStatusPrefix(events.next());
      if (next.done) return;
      yield next.value;
    }
  } catch (error) {
    const path = ProtocolError.is(error) ? error.details["path"] : undefined;
    if (typeof path !== "string") throw error;
    throw new CliError("NOT_FOUND", `stat ${resolve(directory, path)}: no such file or directory`, {
      cause: error,
    });
  } finally {
    // Left early, by Ctrl-C for one: hashing and sending must end too.
    await events.return(undefined);
  }
}
