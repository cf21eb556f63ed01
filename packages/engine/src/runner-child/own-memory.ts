import { readFileSync } from "node:fs";

/**
 * Bytes of memory that this process made for itself. Where the system tells: without pages of files, which it takes
 * back when it needs them, as those of a mapped model.
 */
export function ownMemory(): number {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    const [, kibibytes] = /^RssAnon:\s+(\d+) kB$/m.exec(status) ?? [];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  } catch {
    // Another system.
  }
  return process.memoryUsage.rss();
}
