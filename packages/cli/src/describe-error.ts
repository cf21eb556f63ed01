import type { CliContext } from "./context.ts";
import { CliError } from "./errors.ts";

/** oclif's parse errors, told by shape: their classes are not exported. */
interface ParseFailure extends Error {
  readonly args?: readonly unknown[];
  readonly flags?: readonly string[];
  readonly parse?: { readonly input?: { readonly argv?: readonly string[]; readonly args?: object } };
}

/** The sentence a person reads for an error, in the words scripts already match on. */
export function describeError(error: Error, context: CliContext): string {
  if (CliError.is(error)) return error.message;
  const usage = usageError(error);
  if (usage !== undefined) return usage;
  if (isConnectionFailure(error)) {
    return `could not connect to ${context.binName} server, run '${context.binName} serve' to start it`;
  }
  return error.message;
}

function usageError(error: ParseFailure): string | undefined {
  const argv = error.parse?.input?.argv ?? [];
  const received = argv.filter((word) => !word.startsWith("-")).length;
  switch (error.constructor.name) {
    case "NonExistentFlagsError":
      return `unknown flag: ${error.flags?.[0] ?? ""}`;
    case "RequiredArgsError":
    case "UnexpectedArgsError": {
      const expected = Object.keys(error.parse?.input?.args ?? {}).length;
      return `accepts ${expected} arg(s), received ${received}`;
    }
    default:
      return undefined;
  }
}

/** Nobody listens, or the connection was refused: `fetch` wraps the socket's error as a cause. */
export function isConnectionFailure(error: unknown): boolean {
  for (let current: unknown = error, depth = 0; current instanceof Error && depth < 5; depth++) {
    const code = "code" in current ? current.code : undefined;
    if (code === "CONNECTION_FAILED" || code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "ECONNRESET") return true;
    current = current.cause;
  }
  return false;
}
