import { release } from "node:os";
import koffi from "koffi";
import { expect, it } from "vitest";
import { askForLongSlices } from "../src/llama/native/long-slices.ts";

const [major = 0, minor = 0] = release().split(".").map(Number);
const knowsSlices = process.platform === "linux" && process.arch === "x64" && major * 100 + minor >= 612;

// The worker threads of this process are as many as usual: each call may come to another of them.
it.runIf(knowsSlices)("asks for long slices on the worker thread, and leaves this one as it is", async () => {
  const getAttributes = 315;
  const read = koffi
    .load(null)
    .func(
      "long syscall(long number, int thread, _Out_ uint8_t *attributes, unsigned int size, unsigned int flags)",
    );
  const sliceOf = (bytes: Uint8Array) => new DataView(bytes.buffer).getBigUint64(24, true);
  const own = new Uint8Array(48);
  await Promise.all(Array.from({ length: 16 }, () => askForLongSlices()));
  const slices = await Promise.all(
    Array.from({ length: 16 }, async () => {
      const bytes = new Uint8Array(48);
      await new Promise<void>((resolve) => read.async(getAttributes, 0, bytes, 48, 0, () => resolve()));
      return sliceOf(bytes);
    }),
  );
  read(getAttributes, 0, own, 48, 0);
  expect(slices).toContain(50_000_000n);
  expect(sliceOf(own)).not.toBe(50_000_000n);
});
