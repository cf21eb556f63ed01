import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * Names the running system so that process ids can be compared: boot and process-id namespace on Linux,
 * else the host name. Two containers that share a store differ here.
 */
export function machineIdentity(): string {
  const bootId = boot();
  return bootId === "" ? `host:${hostname()}` : `${bootId}/${readLink("/proc/self/ns/pid")}`;
}

/** Changes with every start of the system; "" where the system does not tell. */
export function boot(): string {
  return readText("/proc/sys/kernel/random/boot_id") ?? "";
}

/** When a process began, in its system's own units: with it, a re-used process id is not taken for the old one. */
export function processStart(processId: number): string | undefined {
  const stat = readText(`/proc/${processId}/stat`);
  // The second field may contain blanks and parentheses, so count from the last one: 20 fields on is the start time.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

/** Whether a process of this id runs; that it may not be signalled means that it does. */
export function processRuns(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
