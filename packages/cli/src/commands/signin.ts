import { BaseCommand } from "../base-command.ts";
import { describeSignIn, readAccount } from "../server/account.ts";
import { ServerRoutes } from "../server/server-routes.ts";

export class Signin extends BaseCommand {
  static override description = "Sign in to ollama.com";
  static override environment = [];

  async run(): Promise<void> {
    await this.parse(Signin);
    const account = await readAccount(new ServerRoutes(this.context));
    if (account.type === "signed-in") this.print(`You are already signed in as user '${account.name}'\n`);
    else this.context.stdout.write(describeSignIn(account));
  }
}
