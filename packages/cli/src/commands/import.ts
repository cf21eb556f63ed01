import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { CliError } from "../errors.ts";
import { ServerRoutes } from "../server/server-routes.ts";
import { withStatusPrefix } from "../server/status-prefix.ts";
import { openProgress } from "../ui/progress-output.ts";

export class Import extends BaseCommand {
  static override description = "Add the model of a file that 'export' wrote";
  static override flags = {
    name: Flags.string({ description: "Name of the model, instead of the one it had" }),
    json: Flags.boolean({ description: "Print progress as JSON lines" }),
  };
  static override args = { file: Args.string({ required: true, description: "file to read" }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Import);
    const path = resolve(this.context.cwd, args.file);
    if ((await stat(path).catch(() => undefined))?.isFile() !== true) {
      throw new CliError("NOT_FOUND", `stat ${path}: no such file`);
    }
    await this.context.ensureServer();
    using progress = openProgress(this.context, flags.json);
    // Node's streams of the web are the ones that fetch takes; only their declarations differ.
    const archive = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>;
    for await (const event of await withStatusPrefix(
      new ServerRoutes(this.context).importModel(archive, flags.name),
    )) {
      progress.update(event);
    }
  }
}
