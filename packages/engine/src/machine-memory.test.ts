import { totalmem } from "node:os";
import { expect, it } from "vitest";
import { freeMemory, heldBytes, totalMemory } from "./machine-memory.ts";

it("counts what a container holds without the files that it caches", () => {
  const stat = "anon 1000\nfile 700\nshmem 100\ninactive_file 400\nactive_file 200\n";
  expect(heldBytes("1700\n", stat)).toBe(1100);
  expect(heldBytes("1700\n", "inactive_file 1\ntotal_inactive_file 400\n")).toBe(1300);
});

it("finds no more than the machine has", () => {
  expect(totalMemory()).toBeLessThanOrEqual(totalmem());
  expect(freeMemory()).toBeGreaterThan(0);
  expect(freeMemory()).toBeLessThanOrEqual(totalMemory());
});
