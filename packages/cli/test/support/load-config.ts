import { Config } from "@oclif/core";
import { cliCommands } from "../../src/commands.ts";

/** Every command of the package, found the way the application's bundle finds them. */
export async function loadConfig(): Promise<Config> {
  const config = await Config.load({
    root: import.meta.dirname,
    pjson: { name: "ollama", version: "0.0.0", oclif: { bin: "ollama" } },
  });
  const find = (id: string) => {
    const command = Object.hasOwn(cliCommands, id) ? cliCommands[id] : undefined;
    if (command === undefined) return undefined;
    return Object.assign(command, { id, load: async () => command });
  };
  // oclif reads commands from files of the application; here there are none, so it is told where to look.
  Object.assign(config, { findCommand: find });
  Object.defineProperty(config, "commandIDs", { value: Object.keys(cliCommands) });
  return config;
}
