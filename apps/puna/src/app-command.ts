import { Command } from "@oclif/core";

/** What the application's own commands share: one way to fail, `Error: <text>` on stderr and exit code 1. */
export abstract class AppCommand extends Command {
  protected override async catch(error: Error): Promise<void> {
    process.stderr.write(`Error: ${error.message}\n`);
    process.exitCode = 1;
    // Where reading the words failed already, oclif would complain that nobody read them.
    this.parsed = true;
  }
}
