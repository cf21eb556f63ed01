import { readFileSync } from "node:fs";
import { freemem, totalmem } from "node:os";

/** Where Linux tells of the group that a container is: of the second version, then of the first. */
const groups = [
  { usage: "/sys/fs/cgroup/memory.current", stat: "/sys/fs/cgroup/memory.stat" },
  { usage: "/sys/fs/cgroup/memory/memory.usage_in_bytes", stat: "/sys/fs/cgroup/memory/memory.stat" },
] as const;

/** Bytes that this process and its children may have in all: of the machine, or of its container. */
export function totalMemory(): number {
  // 0, or an absurd number, where there is no limit.
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Bytes that are free, in the machine and in its container. Files that are cached count as free. */
export function freeMemory(): number {
  const total = totalMemory();
  if (total >= totalmem()) return freemem();
  for (const { usage, stat } of groups) {
    try {
      const used = heldBytes(readFileSync(usage, "utf8"), readFileSync(stat, "utf8"));
      return Math.max(0, Math.min(freemem(), total - used));
    } catch {
      // Another version, or none: the next one may know.
    }
  }
  return Math.min(freemem(), process.availableMemory());
}

/** What a group cannot give back. @param stat  lines of a name and a number of bytes */
export function heldBytes(usage: string, stat: string): number {
  const find = (name: string) => new RegExp(String.raw`^${name} (\d+)$`, "m").exec(stat)?.[1];
  // The first version tells of the group alone and, as total, of those within it, too.
  const number = (name: string) => Number(find(`total_${name}`) ?? find(name) ?? 0);
  return Number(usage) - number("active_file") - number("inactive_file");
}
