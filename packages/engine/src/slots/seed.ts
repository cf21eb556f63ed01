import { randomInt } from "node:crypto";

/** llama.cpp takes this seed as "choose one". */
const randomSeedMark = 0xffff_ffff;

/** The 32 bits of a seed that llama.cpp starts from, or new ones where none was asked for. */
export function toSeed(seed: number | undefined): number {
  if (seed === undefined) return randomInt(randomSeedMark);
  const value = Math.trunc(seed) >>> 0;
  return value === randomSeedMark ? randomSeedMark - 1 : value;
}
