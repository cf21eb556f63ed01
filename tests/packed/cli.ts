import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Config } from "@oclif/core";
import { type CliContext, CliError, cliCommands, runCli } from "@puna/cli";
import { Puna } from "@puna/sdk";

const models = [
  {
    name: "gemma3:270m",
    model: "gemma3:270m",
    modified_at: new Date().toISOString(),
    size: 253_113_180,
    digest: "a".repeat(64),
  },
];
let printed = "";
const stream = {
  write(text: string) {
    printed += text;
    return true;
  },
};
const context: CliContext = {
  client: new Puna({ fetch: async () => Response.json({ models }) }),
  binName: "puna",
  version: "1.0.0",
  cwd: import.meta.dirname,
  userHome: import.meta.dirname,
  editor: "vi",
  stdin: process.stdin,
  stdout: stream,
  stderr: stream,
  colors: false,
  ensureServer: async () => {},
};
// The program around the commands: a package that names them.
const root = mkdtempSync(join(import.meta.dirname, "program-"));
const oclif = {
  bin: "puna",
  commands: { strategy: "explicit", target: "./commands.js", identifier: "cliCommands" },
};
writeFileSync(
  join(root, "package.json"),
  JSON.stringify({ name: "program", version: "1.0.0", type: "module", oclif }),
);
writeFileSync(join(root, "commands.js"), 'export { cliCommands } from "@puna/cli";\n');
const config = await Config.load({ root });
assert(Object.keys(cliCommands).includes("run"));
await runCli(["list"], config, context);
rmSync(root, { recursive: true });
assert.match(printed, /^NAME\s+ID\s+SIZE\s+MODIFIED\s*\ngemma3:270m\s+a{12}\s+253 MB/);
assert.equal(CliError.is(new Error("not ours")), false);
console.log("ok");
