export { cliCommands } from "./commands.ts";
export type { CliContext, OutputStream } from "./context.ts";
export { causesOf, codeOf, isDistrust } from "./error-causes.ts";
export { CliError, type CliErrorCode } from "./errors.ts";
export { runCli } from "./main.ts";
