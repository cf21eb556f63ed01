import { cliCommands } from "@puna/cli";
import { Serve } from "./commands/serve.ts";

/** What oclif finds: the CLI's commands, and the one that only this package can offer. */
export const COMMANDS = { ...cliCommands, serve: Serve, start: Serve };
