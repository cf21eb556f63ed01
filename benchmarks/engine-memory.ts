import { readFileSync } from "node:fs";

/** Memory of a process where shared pages count by their share. @returns bytes */
export function proportionalMemory(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}
