import { Args, Flags } from "@oclif/core";
import { printBytes, type RunningModel } from "@puna/protocol";
import { BaseCommand } from "../base-command.ts";
import { ServerRoutes } from "../server/server-routes.ts";
import { humanTime } from "../ui/human-time.ts";
import { printTable } from "../ui/table.ts";

export class Ps extends BaseCommand {
  static override description = "List running models";
  static override args = { prefix: Args.string({ description: "show only names that begin with this" }) };
  static override strict = false;
  static override arity = { min: 0, max: Number.POSITIVE_INFINITY };
  static override flags = { json: Flags.boolean({ description: "Print JSON" }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Ps);
    const { models } = await this.context.client.ps();
    const shown = (models ?? []).filter((model) => model.name.startsWith(args.prefix ?? ""));
    if (flags.json) {
      const drivers = await this.#drivers();
      const described = shown.map((model) => ({ ...model, ...drivers.get(model.name) }));
      return this.printJson({ models: described });
    }
    const now = new Date();
    const rows = shown.map((model) => [
      model.name,
      model.digest.slice(0, 12),
      printBytes(model.size),
      processorOf(model),
      String(model.context_length ?? 0),
      untilOf(model, now),
    ]);
    this.context.stdout.write(printTable(["NAME", "ID", "SIZE", "PROCESSOR", "CONTEXT", "UNTIL"], rows));
  }

  /** What runs each model, where the server tells: Ollama does not, and puna only those who may manage it. */
  async #drivers(): Promise<ReadonlyMap<string, { readonly driver: string }>> {
    try {
      const { models } = await new ServerRoutes(this.context).slots();
      return new Map(models.map(({ name, driver }) => [name, { driver }]));
    } catch {
      return new Map();
    }
  }
}

function processorOf(model: RunningModel): string {
  if (model.size_vram === 0) return "100% CPU";
  if (model.size_vram === model.size) return "100% GPU";
  if (model.size_vram > model.size || model.size === 0) return "Unknown";
  const cpu = Math.round(((model.size - model.size_vram) / model.size) * 100);
  return `${cpu}%/${100 - cpu}% CPU/GPU`;
}

function untilOf(model: RunningModel, now: Date): string {
  const expires = new Date(model.expires_at);
  return expires.getTime() >= now.getTime() ? humanTime(expires, now) : "Stopping...";
}
