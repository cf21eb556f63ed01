import { spawn } from "node:child_process";
import { mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CliError } from "@puna/cli";

/** A slow disk may take long to read the program; one that ends is noticed at once. */
const startTimeoutMs = 60_000;
const pollMs = 50;
/** A server nobody asked for by name ends by itself. */
const idleExit = "10m";

/**
 * Starts `puna serve` in the background, its output going to the log, and waits until it answers.
 * @throws CliError `NO_SERVER` naming the log when it does not
 */
export async function startServerProcess(options: {
  readonly binPath: string;
  readonly logFile: string;
  readonly answers: () => Promise<boolean>;
}): Promise<void> {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, "a", 0o600);
  const server = spawn(process.execPath, [options.binPath, "serve", "--idle-exit", idleExit], {
    detached: true,
    stdio: ["ignore", log, log],
  });
  let exited: number | null | undefined;
  server.once("exit", (code) => {
    exited = code;
  });
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline) {
    if (await options.answers()) {
      server.unref();
      return;
    }
    if (exited !== undefined) break;
    await sleep(pollMs);
  }
  throw new CliError("NO_SERVER", `could not start the puna server; ${options.logFile} says why`);
}
