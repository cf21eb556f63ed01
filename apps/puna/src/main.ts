import { fileURLToPath } from "node:url";
import { Config } from "@oclif/core";
import { runCli } from "@puna/cli";
import { createCliContext } from "./cli-context.ts";
import { readConfig } from "./config.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The command line `puna`: reads the environment once and hands every command what it needs. */
export async function main(argv: readonly string[]): Promise<void> {
  const oclif = await Config.load({ root });
  const config = readConfig(process.env);
  await runCli(
    argv,
    oclif,
    createCliContext(config, oclif.version, fileURLToPath(new URL("../bin/puna.js", import.meta.url))),
  );
}
