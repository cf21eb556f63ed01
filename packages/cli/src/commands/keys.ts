import { Args, Flags } from "@oclif/core";
import type { KeyScope } from "@puna/protocol";
import { BaseCommand } from "../base-command.ts";
import { CliError } from "../errors.ts";
import { parseInteger } from "../run/parse-run-flags.ts";
import { ServerRoutes } from "../server/server-routes.ts";
import { printTable } from "../ui/table.ts";

const scopes: readonly KeyScope[] = ["infer", "embed", "manage", "admin"];

export class Keys extends BaseCommand {
  static override description = "List, add and remove the API keys of the server";
  static override args = {
    action: Args.string({ description: "list (default), add or rm" }),
    name: Args.string({ description: "name of the key" }),
  };
  static override arity = { min: 0, max: 2 };
  static override flags = {
    scope: Flags.string({
      multiple: true,
      description: `What it may do: ${scopes.join(", ")} (default infer)`,
    }),
    model: Flags.string({
      multiple: true,
      description: "Models it may use, * at the end for a family (default all)",
    }),
    "per-minute": Flags.string({ description: "Requests it may make in a minute" }),
    json: Flags.boolean({ description: "Print JSON" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Keys);
    const routes = new ServerRoutes(this.context);
    switch (args.action) {
      case undefined:
      case "list":
      case "ls":
        return this.#list(routes, flags.json ?? false);
      case "add":
        return this.#add(routes, requireName(args.name), flags);
      case "rm":
      case "remove":
        await routes.removeKey(requireName(args.name));
        return this.print(`removed key '${args.name}'`);
      default:
        throw new CliError("USAGE", `unknown action "${args.action}": use list, add or rm`);
    }
  }

  async #list(routes: ServerRoutes, asJson: boolean): Promise<void> {
    const { keys } = await routes.keys();
    if (asJson) return this.printJson({ keys });
    const rows = keys.map((key) => [
      key.name,
      key.scopes.join(","),
      key.models?.join(",") ?? "all",
      key.requests_per_minute === undefined ? "-" : `${key.requests_per_minute}/min`,
    ]);
    this.context.stdout.write(printTable(["NAME", "SCOPES", "MODELS", "LIMIT"], rows));
  }

  async #add(
    routes: ServerRoutes,
    name: string,
    flags: {
      readonly scope?: readonly string[] | undefined;
      readonly model?: readonly string[] | undefined;
      readonly "per-minute"?: string | undefined;
      readonly json?: boolean;
    },
  ): Promise<void> {
    const wanted = flags.scope ?? ["infer"];
    const wrong = wanted.find((scope) => !scopes.some((known) => known === scope));
    if (wrong !== undefined)
      throw new CliError("USAGE", `unknown scope "${wrong}": use ${scopes.join(", ")}`);
    const limit = flags["per-minute"];
    const made = await routes.createKey({
      name,
      scopes: scopes.filter((scope) => wanted.includes(scope)),
      ...(flags.model === undefined ? {} : { models: flags.model }),
      ...(limit === undefined ? {} : { requests_per_minute: parseInteger("--per-minute", limit) }),
    });
    if (flags.json) return this.printJson(made);
    this.context.stderr.write("shown this once; the server keeps only its hash:\n");
    this.print(made.key);
  }
}

function requireName(name: string | undefined): string {
  if (name === undefined) throw new CliError("USAGE", "requires the name of a key");
  return name;
}
