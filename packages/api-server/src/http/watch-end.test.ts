import { expect, it } from "vitest";
import { watchEnd } from "./watch-end.ts";

it("tells of the end once when the client goes away while the next piece is awaited", async () => {
  const endless = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
  let ends = 0;
  const response = watchEnd(
    new Response(endless, { headers: { "Content-Type": "application/x-ndjson" } }),
    () => {
      ends += 1;
    },
  );
  const reader = response.body?.getReader();
  const waiting = reader?.read();
  await new Promise((resolve) => setImmediate(resolve));
  await reader?.cancel();
  await waiting;
  await new Promise((resolve) => setImmediate(resolve));
  expect(ends).toBe(1);
});

it("tells of the end of a reply that breaks", async () => {
  const broken = new ReadableStream<Uint8Array>({
    pull() {
      throw new Error("broken");
    },
  });
  let ends = 0;
  const headers = { "Content-Type": "application/x-ndjson" };
  const response = watchEnd(new Response(broken, { headers }), () => {
    ends += 1;
  });
  await expect(response.text()).rejects.toThrow("broken");
  expect(ends).toBe(1);
});
