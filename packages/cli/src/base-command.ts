import { Command } from "@oclif/core";
import { type CliContext, contextOf } from "./context.ts";
import { describeError } from "./describe-error.ts";

/** What all commands share: the context, and one way to fail: `Error: <text>` on stderr, exit code 1. */
export abstract class BaseCommand extends Command {
  protected get context(): CliContext {
    return contextOf(this.config);
  }

  protected print(text: string): void {
    this.context.stdout.write(`${text}\n`);
  }

  protected override async catch(error: Error): Promise<void> {
    this.context.stderr.write(`Error: ${describeError(error, this.context)}\n`);
    process.exitCode = 1;
  }
}
