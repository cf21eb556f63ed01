import { BaseCommand } from "../base-command.ts";
import { ServerRoutes } from "../server/server-routes.ts";

export class Signout extends BaseCommand {
  static override description = "Sign out from ollama.com";
  static override environment = [];

  async run(): Promise<void> {
    await this.parse(Signout);
    await new ServerRoutes(this.context).signOut();
    this.print("You have signed out of ollama.com\n");
  }
}
