import { describe, expect, it } from "vitest";
import { type StreamFormat, streamResponse } from "./stream-response.ts";

const format: StreamFormat<number> = {
  contentType: "text/plain",
  print: (value) => `${value}\n`,
  printError: (error) => `error: ${error instanceof Error ? error.message : ""}\n`,
};

describe("streamResponse", () => {
  it("throws what goes wrong before the first value", async () => {
    async function* values(): AsyncGenerator<number> {
      yield* [];
      throw new Error("early");
    }
    await expect(streamResponse(values(), format, new AbortController(), () => {})).rejects.toThrow("early");
  });

  it("tells a later error as the last line and reports it", async () => {
    async function* values() {
      yield 1;
      throw new Error("late");
    }
    const late: unknown[] = [];
    const response = await streamResponse(values(), format, new AbortController(), (error) =>
      late.push(error),
    );
    expect(await response.text()).toBe("1\nerror: late\n");
    expect(late).toHaveLength(1);
  });

  it("makes no more values than a slow reader takes", async () => {
    let made = 0;
    async function* values() {
      for (;;) yield made++;
    }
    const response = await streamResponse(values(), format, new AbortController(), () => {});
    const reader = response.body?.getReader();
    await reader?.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(made).toBeLessThan(5);
    await reader?.cancel();
  });

  it("ends the values and aborts the work when the client goes", async () => {
    let ended = false;
    async function* values() {
      try {
        for (let value = 0; ; value++) yield value;
      } finally {
        ended = true;
      }
    }
    const abort = new AbortController();
    const response = await streamResponse(values(), format, abort, () => {});
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect([ended, abort.signal.aborted]).toEqual([true, true]);
  });
});
