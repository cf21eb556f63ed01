import { describe, expect, it } from "vitest";
import { toResponse } from "./reply.ts";
import { type StreamFormat, streamReply } from "./stream-reply.ts";

const format: StreamFormat<number> = {
  contentType: "text/plain",
  print: (value) => `${value}\n`,
  printError: (error) => `error: ${error instanceof Error ? error.message : ""}\n`,
};

const contextOf = (parts: { readonly abort?: AbortController; readonly late?: unknown[] } = {}) => ({
  abort: parts.abort ?? new AbortController(),
  reportLate: (error: unknown) => void parts.late?.push(error),
  beginStream: () => () => {},
});

const respond = async (...args: Parameters<typeof streamReply<number>>) =>
  toResponse(await streamReply(...args));

describe("streamReply", () => {
  it("throws what goes wrong before the first value", async () => {
    async function* values(): AsyncGenerator<number> {
      yield* [];
      throw new Error("early");
    }
    await expect(streamReply(values(), format, contextOf())).rejects.toThrow("early");
  });

  it("tells a later error as the last line and reports it", async () => {
    async function* values() {
      yield 1;
      throw new Error("late");
    }
    const late: unknown[] = [];
    const response = await respond(values(), format, contextOf({ late }));
    expect(await response.text()).toBe("1\nerror: late\n");
    expect(late).toHaveLength(1);
  });

  it("makes no more values than a slow reader takes", async () => {
    let made = 0;
    async function* values() {
      for (;;) yield made++;
    }
    const response = await respond(values(), format, contextOf());
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
    const response = await respond(values(), format, contextOf({ abort }));
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect([ended, abort.signal.aborted]).toEqual([true, true]);
  });

  it("tells of the end once: when it was sent whole, when it failed, and when the client goes while a piece is awaited", async () => {
    const endsOf = async (values: AsyncIterable<number>, use: (response: Response) => Promise<unknown>) => {
      let ends = 0;
      const beginStream = () => () => {
        ends += 1;
      };
      await use(await respond(values, format, { ...contextOf(), beginStream }));
      return ends;
    };
    const whole = async function* () {
      yield 1;
    };
    const broken = async function* () {
      yield 1;
      throw new Error("broken");
    };
    const endless = async function* () {
      yield 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
      yield 2;
    };
    expect(await endsOf(whole(), (response) => response.text())).toBe(1);
    expect(await endsOf(broken(), (response) => response.text())).toBe(1);
    const leave = async (response: Response) => {
      const reader = response.body?.getReader();
      await reader?.read();
      const waiting = reader?.read();
      await reader?.cancel();
      await waiting;
    };
    expect(await endsOf(endless(), leave)).toBe(1);
  });
});
