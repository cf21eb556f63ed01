import { cliCommands } from "@puna/cli";
import { Doctor } from "./commands/doctor.ts";
import { Serve } from "./commands/serve.ts";

/** What oclif finds: the CLI's commands, and those that only this package can offer. */
export const COMMANDS = { ...cliCommands, doctor: Doctor, serve: Serve, start: Serve };
