import { Args, Flags } from "@oclif/core";
import { ModelName } from "@puna/protocol";
import { PunaError } from "@puna/sdk";
import { BaseCommand } from "../base-command.ts";
import { CliError } from "../errors.ts";
import { describeSignIn, readAccount } from "../server/account.ts";
import { ServerRoutes } from "../server/server-routes.ts";
import { withStatusPrefix } from "../server/status-prefix.ts";
import { openProgress } from "../ui/progress-output.ts";

export class Push extends BaseCommand {
  static override description = "Push a model to a registry";
  static override args = { model: Args.string({ required: true, description: "name of the model" }) };
  static override flags = {
    insecure: Flags.boolean({ description: "Use an insecure registry" }),
    json: Flags.boolean({ description: "Print progress as JSON lines" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Push);
    const { context } = this;
    await context.ensureServer();
    const name = ModelName.parse(args.model);
    // That registry takes uploads of signed-in users only; asking first spares them the wait.
    if (isOllamasOwn(name.host)) {
      const account = await readAccount(new ServerRoutes(context));
      if (account.type === "signed-out") {
        context.stdout.write(
          `You need to be signed in to push models to Ollama.\n\n${describeSignIn(account)}`,
        );
        return;
      }
    }
    await this.#push({ model: args.model, insecure: flags.insecure ?? false }, flags.json);
    if (flags.json) return;
    const shown = isOllamasOwn(name.host)
      ? `https://ollama.com/${name.toShortString().replace(/:latest$/, "")}`
      : name.toString();
    context.stdout.write(`\nYou can find your model at:\n\n\t${shown}\n`);
  }

  async #push(
    request: { readonly model: string; readonly insecure: boolean },
    asJson?: boolean,
  ): Promise<void> {
    using progress = openProgress(this.context, asJson);
    try {
      const events = await withStatusPrefix(this.context.client.push({ ...request, stream: true }));
      for await (const event of events) progress.update(event);
    } catch (error) {
      if (!PunaError.is(error) || !/access denied|unauthorized/i.test(error.message)) throw error;
      throw new CliError(
        "SERVER",
        "you are not authorized to push to this namespace, create the model under a namespace you own",
        { cause: error },
      );
    }
  }
}

function isOllamasOwn(host: string): boolean {
  return host.endsWith(".ollama.ai") || host.endsWith(".ollama.com");
}
