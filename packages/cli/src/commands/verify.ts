import { Flags } from "@oclif/core";
import { type ProgressResponse, printBytes, type VerifyLine } from "@puna/protocol";
import { BaseCommand } from "../base-command.ts";
import { CliError } from "../errors.ts";
import { ServerRoutes } from "../server/server-routes.ts";
import { countOf } from "../ui/count-of.ts";
import { ProgressView } from "../ui/progress.ts";

type Summary = Extract<VerifyLine, { readonly checked: number }>;

export class Verify extends BaseCommand {
  static override description = "Read every file of every model and compare it with its checksum";
  static override flags = {
    repair: Flags.boolean({ description: "Pull what is damaged or missing again" }),
    insecure: Flags.boolean({ description: "Use insecure registries for the repair" }),
    json: Flags.boolean({ description: "Print JSON, one line for each file" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Verify);
    const { repair = false, insecure = false } = flags;
    const request = { ...(repair && { repair }), ...(insecure && { insecure }) };
    const lines = await new ServerRoutes(this.context).verify(request);
    const { summary, checkedBytes } = await this.#show(lines, flags.json);
    if (summary === undefined) throw new CliError("SERVER", "the check ended before its last line");
    const { checked, damaged, repaired = 0, orphaned = 0 } = summary;
    if (!flags.json) {
      const parts = [
        `${countOf(checked, "file")} checked`,
        printBytes(checkedBytes),
        `${damaged} damaged`,
        ...(repair ? [`${repaired} repaired`] : []),
        ...(orphaned > 0 ? [`${orphaned} unused`] : []),
      ];
      this.print(parts.join(", "));
    }
    const left = damaged - repaired;
    if (left === 0) return;
    const advice = repair
      ? "pull or create the models again"
      : `'${this.context.binName} verify --repair' pulls them again`;
    throw new CliError("SERVER", `${countOf(left, "damaged file")}: ${advice}`);
  }

  async #show(
    lines: AsyncIterable<VerifyLine>,
    asJson: boolean | undefined,
  ): Promise<{ readonly summary: Summary | undefined; readonly checkedBytes: number }> {
    const { stderr } = this.context;
    let checkedBytes = 0;
    let progress: ProgressView | undefined;
    try {
      for await (const line of lines) {
        if (asJson) this.print(JSON.stringify(line));
        if ("checked" in line) return { summary: line, checkedBytes };
        if ("size" in line && (line.ok || line.found !== undefined)) checkedBytes += line.size;
        if (asJson) continue;
        if (isProgress(line)) {
          progress ??= new ProgressView(stderr);
          progress.update(line);
          continue;
        }
        progress?.[Symbol.dispose]();
        progress = undefined;
        const text = describe(line);
        if (stderr.isTTY) stderr.write("\r\u001b[K");
        if (text !== undefined) this.print(text);
        else if (stderr.isTTY) stderr.write(`${printBytes(checkedBytes)} checked`);
      }
      return { summary: undefined, checkedBytes };
    } finally {
      progress?.[Symbol.dispose]();
      if (stderr.isTTY) stderr.write("\r\u001b[K");
    }
  }
}

function isProgress(line: VerifyLine): line is ProgressResponse {
  return "status" in line && !("checked" in line);
}

/** What is worth a line; files that are whole are not. */
function describe(line: Exclude<VerifyLine, Summary | ProgressResponse>): string | undefined {
  if ("manifest" in line) return `unreadable: ${line.manifest}`;
  if ("repaired" in line)
    return line.repaired
      ? `repaired: ${line.digest} from ${line.from}`
      : `not repaired: ${line.digest} (${line.reason})`;
  if (line.ok) return undefined;
  const what = line.found === undefined && line.models !== undefined ? "missing" : "damaged";
  const users = line.models?.join(", ") ?? "";
  return `${what}: ${line.digest} (${printBytes(line.size)})${users === "" ? "" : ` of ${users}`}`;
}
