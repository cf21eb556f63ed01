import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Args } from "@oclif/core";
import { printBytes } from "@puna/protocol";
import { BaseCommand } from "../base-command.ts";
import { ServerRoutes } from "../server/server-routes.ts";

const redrawEveryMs = 200;

export class Export extends BaseCommand {
  static override description = "Write a model into one file, to carry it to another machine";
  static override args = {
    model: Args.string({ required: true, description: "name of the model" }),
    file: Args.string({ required: true, description: "file to write (a tar archive)" }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Export);
    const { cwd, stderr } = this.context;
    const target = resolve(cwd, args.file);
    const staged = `${target}.partial`;
    const archive = await new ServerRoutes(this.context).exportModel(args.model);
    let size = 0;
    let drawnAt = 0;
    try {
      await pipeline(
        Readable.fromWeb(archive),
        async function* count(chunks: AsyncIterable<Uint8Array>) {
          for await (const chunk of chunks) {
            size += chunk.length;
            if (stderr.isTTY && Date.now() - drawnAt > redrawEveryMs) {
              drawnAt = Date.now();
              stderr.write(`\r${printBytes(size)} written\u001b[K`);
            }
            yield chunk;
          }
        },
        createWriteStream(staged),
      );
      // Only a whole archive gets the name that was asked for.
      await rename(staged, target);
    } finally {
      await rm(staged, { force: true });
      if (stderr.isTTY) stderr.write("\r\u001b[K");
    }
    this.print(`exported '${args.model}' to ${args.file} (${printBytes(size)})`);
  }
}
