import { cliCommands } from "@puna/cli";
import { Doctor } from "./commands/doctor.ts";
import { Serve } from "./commands/serve.ts";
import { Service } from "./commands/service.ts";

/** Second name, which help does not list. */
class Start extends Serve {
  static override hidden = true;
  static ownName = "serve";
}

/** What oclif finds: the CLI's commands, and those that only this package can offer. */
export const COMMANDS = { ...cliCommands, doctor: Doctor, serve: Serve, service: Service, start: Start };
