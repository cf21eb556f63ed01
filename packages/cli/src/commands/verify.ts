import { Flags } from "@oclif/core";
import { printBytes } from "@puna/protocol";
import { BaseCommand } from "../base-command.ts";
import { CliError } from "../errors.ts";
import { ServerRoutes, type VerifyLine } from "../server/server-routes.ts";
import { countOf } from "../ui/count-of.ts";

type Summary = Extract<VerifyLine, { readonly status: string }>;

export class Verify extends BaseCommand {
  static override description = "Read every file of every model and compare it with its checksum";
  static override flags = { json: Flags.boolean({ description: "print JSON, one line for each file" }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(Verify);
    const { stdout, stderr } = this.context;
    let checkedBytes = 0;
    let summary: Summary | undefined;
    for await (const line of await new ServerRoutes(this.context).verify()) {
      if (flags.json) this.print(JSON.stringify(line));
      if ("status" in line) {
        summary = line;
        break;
      }
      checkedBytes += line.size;
      if (stderr.isTTY) stderr.write(`\r${printBytes(checkedBytes)} checked\u001b[K`);
      if (!line.ok && !flags.json) {
        stdout.write(
          `${stderr.isTTY ? "\r\u001b[K" : ""}damaged: ${line.digest} (${printBytes(line.size)})\n`,
        );
      }
    }
    if (stderr.isTTY) stderr.write("\r\u001b[K");
    if (summary === undefined) throw new CliError("SERVER", "the check ended before its last line");
    if (!flags.json)
      this.print(
        `${countOf(summary.checked, "file")} checked, ${printBytes(checkedBytes)}, ${summary.damaged} damaged`,
      );
    if (summary.damaged === 0) return;
    throw new CliError(
      "SERVER",
      `${countOf(summary.damaged, "damaged file")}: pull or create the models again`,
    );
  }
}
