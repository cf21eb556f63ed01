import { describe, expect, it, vi } from "vitest";
import { unstalled } from "./unstalled.ts";

describe("unstalled", () => {
  it("hands on what comes", async () => {
    const parts = [Uint8Array.of(1), Uint8Array.of(2, 3)];
    const read: Uint8Array[] = [];
    for await (const part of unstalled(ReadableStream.from(parts).getReader())) read.push(part);
    expect(read).toEqual(parts);
  });

  it("gives up when nothing comes, and lets go of the source", async () => {
    const cancel = vi.fn();
    const silent = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Uint8Array.of(1)),
      cancel,
    });
    const read = unstalled(silent.getReader(), 20);
    expect((await read.next()).value).toEqual(Uint8Array.of(1));
    await expect(read.next()).rejects.toMatchObject({ code: "STALLED" });
    await expect.poll(() => cancel.mock.calls.length).toBe(1);
  });

  it("closes the source when its reader stops", async () => {
    const cancel = vi.fn();
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Uint8Array.of(1)),
      cancel,
    });
    for await (const part of unstalled(endless.getReader())) {
      expect(part).toEqual(Uint8Array.of(1));
      break;
    }
    await expect.poll(() => cancel.mock.calls.length).toBe(1);
  });
});
