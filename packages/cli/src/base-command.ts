import { Command } from "@oclif/core";
import type { Arity } from "./arguments/normalize-arguments.ts";
import { type CliContext, contextOf } from "./context.ts";
import { describeError } from "./describe-error.ts";
import type { EnvironmentVariable } from "./help/environment-variables.ts";

/** What all commands share: the context, and one way to fail: `Error: <text>` on stderr, exit code 1. */
export abstract class BaseCommand extends Command {
  /** Words besides flags; by default as many as the command has named arguments. */
  static arity: Arity | undefined;
  /** Flags that may stand without a value, and what they mean then. */
  static bareFlags: Readonly<Record<string, string>> = {};
  /** Variables that its help names. */
  static environment: readonly EnvironmentVariable[] = ["OLLAMA_HOST"];

  protected get context(): CliContext {
    return contextOf(this.config);
  }

  protected print(text: string): void {
    this.context.stdout.write(`${text}\n`);
  }

  protected printJson(value: unknown): void {
    this.print(JSON.stringify(value, null, 2));
  }

  protected override async catch(error: Error): Promise<void> {
    this.context.stderr.write(`Error: ${describeError(error, this.context)}\n`);
    process.exitCode = 1;
    // Where reading the words failed already, oclif would complain that nobody read them.
    this.parsed = true;
  }
}
