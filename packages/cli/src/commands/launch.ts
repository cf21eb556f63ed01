import { spawn } from "node:child_process";
import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { CliError } from "../errors.ts";
import type { CodingTool, LaunchSetup } from "../launch/coding-tool.ts";
import { codingTools } from "../launch/coding-tools.ts";
import { planSettings, restoreSettings, writeSettings } from "../launch/tool-settings.ts";
import { defaultServerUrl } from "../server/server-routes.ts";
import { printTable } from "../ui/table.ts";

export class Launch extends BaseCommand {
  static override description = "Start a coding tool that uses this server";
  static override usage = "[INTEGRATION] [-- [EXTRA_ARGS...]]";
  static override examples = [
    "puna launch claude",
    "puna launch claude --model <model>",
    "puna launch opencode --config (does not auto-launch)",
    "puna launch codex --restore",
    "puna launch codex -- --sandbox workspace-write",
  ];
  static override strict = false;
  static override arity = { min: 0, max: Number.POSITIVE_INFINITY };
  static override args = {
    tool: Args.string({
      description: `${codingTools.map(({ name }) => name).join(", ")}; without one: a list`,
    }),
  };
  static override flags = {
    model: Flags.string({ description: "Model to use (default: the newest that can call tools)" }),
    config: Flags.boolean({ description: "Configure without launching" }),
    restore: Flags.boolean({ description: "Restore an integration to its default profile" }),
    print: Flags.boolean({ description: "Print what would be set, and do nothing" }),
    yes: Flags.boolean({ char: "y", description: "Automatically answer yes to confirmation prompts" }),
    json: Flags.boolean({ description: "Print as JSON" }),
  };

  async run(): Promise<void> {
    const { args, argv, flags } = await this.parse(Launch);
    if (args.tool === undefined) {
      if (flags.model !== undefined || flags.config || flags.restore || flags.print || flags.yes) {
        const example = `${this.context.binName} launch claude --model qwen3.5`;
        throw new CliError(
          "USAGE",
          `flags and extra args require an integration name, for example: '${example}'`,
        );
      }
      return this.#list(flags.json ?? false);
    }
    const tool = codingTools.find(({ name }) => name === args.tool);
    if (tool === undefined) {
      const known = codingTools.map(({ name }) => name).join(", ");
      throw new CliError("USAGE", `unknown integration: ${args.tool}; use one of ${known}`);
    }
    if (flags.restore) return this.#restore(tool);
    if (!flags.print) await this.context.ensureServer();
    const serverUrl = (this.context.serverUrl ?? defaultServerUrl).replace(/\/+$/, "");
    const model = flags.model ?? (await this.#chooseModel());
    const setup = { serverUrl, model, apiKey: this.#apiKey() };
    if (flags.print) return this.#printSetup(tool, setup, flags.json ?? false);
    if (flags.config) return this.#configure(tool, setup);
    const words = argv.slice(1).filter((word): word is string => typeof word === "string");
    process.exitCode = await this.#start(tool, setup, words);
  }

  #list(asJson: boolean): void {
    const tools = codingTools.map(({ name, description, install }) => ({ name, description, install }));
    if (asJson) {
      this.printJson({ tools });
      return;
    }
    const rows = tools.map(({ name, description, install }) => [name, description, install]);
    this.context.stdout.write(printTable(["TOOL", "WHAT", "INSTALL"], rows));
  }

  /** Of the server, where it has keys; else any word. */
  #apiKey(): string {
    const entries = Object.entries(this.context.headers ?? {});
    const [, value = ""] = entries.find(([name]) => name.toLowerCase() === "authorization") ?? [];
    return value.replace(/^Bearer\s+/i, "") || "puna";
  }

  async #chooseModel(): Promise<string> {
    const { models } = await this.context.client.list();
    const model = models.find(({ capabilities }) => capabilities?.includes("tools")) ?? models[0];
    if (model === undefined) {
      throw new CliError(
        "NOT_FOUND",
        `no models here: pull one first, such as '${this.context.binName} pull qwen3'`,
      );
    }
    this.context.stderr.write(`using ${model.name} (choose another with --model)\n`);
    return model.name;
  }

  async #printSetup(tool: CodingTool, setup: LaunchSetup, asJson: boolean): Promise<void> {
    const { args, env } = tool.start(setup);
    const file = tool.config && (await planSettings(tool.config, this.context.userHome, setup));
    if (asJson) return this.printJson({ command: tool.command, args, env, file });
    const variables = Object.entries(env).map(([name, value]) => `${name}=${quote(value)} `);
    this.print(`${variables.join("")}${[tool.command, ...args.map(quote)].join(" ")}`);
    if (file !== undefined) this.print(`\n# or, for good, in ${file.path}:\n${file.content.trimEnd()}`);
  }

  async #configure(tool: CodingTool, setup: LaunchSetup): Promise<void> {
    if (tool.config === undefined) {
      throw new CliError(
        "USAGE",
        `${tool.name} keeps no settings for this; start it with '${this.context.binName} launch ${tool.name}'`,
      );
    }
    const path = await writeSettings(tool.config, this.context.userHome, setup);
    this.print(
      `wrote ${path}; start with '${tool.startHint}', undo with '${this.context.binName} launch ${tool.name} --restore'`,
    );
  }

  async #restore(tool: CodingTool): Promise<void> {
    const restored = tool.config !== undefined && (await restoreSettings(tool.config, this.context.userHome));
    this.print(restored ? `restored the settings of ${tool.name}` : `nothing to restore for ${tool.name}`);
  }

  /** @returns its exit code */
  #start(tool: CodingTool, setup: LaunchSetup, words: readonly string[]): Promise<number> {
    const { args, env } = tool.start(setup);
    return new Promise((resolve, reject) => {
      const child = spawn(tool.command, [...args, ...words], {
        stdio: "inherit",
        cwd: this.context.cwd,
        env: { ...this.context.environment, ...env },
        // Commands of npm are scripts there, which only a shell can start.
        shell: process.platform === "win32",
      });
      // The terminal sends Ctrl-C to both; it is the tool's to handle.
      const ignore = () => {};
      process.on("SIGINT", ignore);
      child.once("error", (cause: NodeJS.ErrnoException) => {
        process.off("SIGINT", ignore);
        const message = `could not start ${tool.command}: ${cause.code === "ENOENT" ? "it is not installed" : cause.message}`;
        reject(new CliError("NOT_FOUND", `${message}. Install it with: ${tool.install}`, { cause }));
      });
      child.once("exit", (code, signal) => {
        process.off("SIGINT", ignore);
        resolve(code ?? (signal === null ? 1 : 128));
      });
    });
  }
}

/** As a shell must be given it. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
