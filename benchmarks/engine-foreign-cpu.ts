import { readFileSync } from "node:fs";

/** Cores that processes other than ours and our children kept busy, from here to the call of the result. */
export function foreignCpu(): () => number {
  const start = { at: performance.now(), all: machineTicks(), own: ownTicks() };
  return () => {
    const seconds = (performance.now() - start.at) / 1000;
    const ticks = machineTicks() - start.all - (ownTicks() - start.own);
    return Math.max(0, ticks / 100 / seconds);
  };
}

function machineTicks(): number {
  const [user = 0, nice = 0, system = 0] = numbers(readFileSync("/proc/stat", "utf8").split("\n")[0] ?? "");
  return user + nice + system;
}

/** Of this process and of children that ended, which is when they are counted. */
function ownTicks(): number {
  const after = readFileSync("/proc/self/stat", "utf8").split(") ")[1] ?? "";
  const fields = after.split(" ").map(Number);
  return [11, 12, 13, 14].reduce((sum, index) => sum + (fields[index] ?? 0), 0);
}

function numbers(line: string): number[] {
  return line.split(/\s+/).slice(1).map(Number);
}
