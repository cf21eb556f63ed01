import { Args } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { isNotFound, unloadModel } from "./stop.ts";

export class Rm extends BaseCommand {
  static override description = "Remove models";
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
    const running = await this.context.client.ps();
    const loaded = running.models.some((model) => model.name === name || model.name === `${name}:latest`);
    if (!loaded) return;
    await unloadModel(this.context.client, name).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}
