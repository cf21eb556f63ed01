import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ByteStream, decodeNdjson, decodeSse, encodeNdjson, encodeSse } from "./index.ts";

async function* cutEvery(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* cutOnceAt(text: string, at: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  yield bytes.subarray(0, at);
  yield bytes.subarray(at);
}

function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  return ReadableStream.from<Uint8Array>(chunks);
}

async function toArray<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

const byteLength = (text: string) => new TextEncoder().encode(text).length;

describe("decodeNdjson", () => {
  const values = [{ a: "héllo 日本 👋" }, { b: [1, 2.5, null, true] }, "\u2028", { text: "\r\n" }];
  const text = values.map(encodeNdjson).join("");

  test("gives the same values wherever the bytes are cut", async () => {
    for (let at = 0; at <= byteLength(text); at++) {
      expect(await toArray(decodeNdjson(cutOnceAt(text, at)))).toEqual(values);
    }
    for (const size of [1, 2, 3, 7, 1000]) {
      expect(await toArray(decodeNdjson(streamOf(cutEvery(text, size))))).toEqual(values);
    }
  });

  test("gives back any list of values", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.integer({ min: 1, max: 9 }), async (list, size) => {
        const expected: unknown = JSON.parse(JSON.stringify(list));
        expect(await toArray(decodeNdjson(cutEvery(list.map(encodeNdjson).join(""), size)))).toEqual(
          expected,
        );
      }),
    );
  });

  test("takes CRLF, blank lines, a byte order mark and a last line without end", async () => {
    for (let size = 1; size < 9; size++) {
      const stream = cutEvery('\u{feff}{"a":1}\r\n\r\n  \n{"b":2}', size);
      expect(await toArray(decodeNdjson(stream))).toEqual([{ a: 1 }, { b: 2 }]);
    }
  });

  test("names the line that is not JSON, without quoting it", async () => {
    const stream = cutEvery('{"a":1}\n{"secret', 4);
    await expect(toArray(decodeNdjson(stream))).rejects.toMatchObject({
      code: "INVALID_JSON",
      message: expect.not.stringContaining("secret"),
      details: { line: 2 },
    });
  });

  test("bounds the length of a line, ended or not", async () => {
    const long = `"${"x".repeat(98)}"`;
    expect(await toArray(decodeNdjson(cutEvery(`${long}\n`, 30), { maxLineBytes: 100 }))).toHaveLength(1);
    for (const end of ["", "\n"]) {
      const stream = cutEvery(`${long} ${end}`, 30);
      await expect(toArray(decodeNdjson(stream, { maxLineBytes: 100 }))).rejects.toMatchObject({
        code: "LINE_TOO_LONG",
      });
    }
  });

  test("stops the source when the reader leaves early", async () => {
    let cancelled = 0;
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new TextEncoder().encode("1\n")),
        cancel: () => {
          cancelled++;
        },
      });
    for await (const _value of decodeNdjson(endless())) break;
    expect(cancelled).toBe(1);
  });

  test("passes the source's own error on", async () => {
    const broken: ByteStream = new ReadableStream({
      start: (controller) => controller.error(new Error("cut")),
    });
    await expect(toArray(decodeNdjson(broken))).rejects.toThrow("cut");
  });

  test("does not depend on the producer's buffer staying as it was", async () => {
    async function* reuse(): AsyncGenerator<Uint8Array> {
      const buffer = new Uint8Array(4);
      for (const piece of ["[1,2", ",3,4", "]\n[5", "]\n  "]) {
        buffer.set(new TextEncoder().encode(piece));
        yield buffer;
      }
    }
    expect(await toArray(decodeNdjson(reuse()))).toEqual([[1, 2, 3, 4], [5]]);
  });
});

describe("decodeSse", () => {
  const events = [
    { data: "one" },
    { event: "note", data: "two\nlines\n", id: "7" },
    { data: "[DONE]", id: "7" },
  ];

  test.each(["\n", "\r\n", "\r"])(
    "gives the same events wherever the bytes are cut, lines ending in %j",
    async (end) => {
      const text = events.map(encodeSse).join("").replaceAll("\n", end);
      for (let at = 0; at <= byteLength(text); at++) {
        expect(await toArray(decodeSse(cutOnceAt(text, at)))).toEqual(events);
      }
      for (let size = 1; size < 5; size++) {
        expect(await toArray(decodeSse(cutEvery(text, size)))).toEqual(events);
      }
    },
  );

  test("follows the standard for comments, missing blanks, empty data and a cut end", async () => {
    const text =
      "\u{feff}: hi\nretry: 10\nevent: lost\n\ndata:a\ndata\ndata:  b\nbogus: x\n\nid: a\0b\ndata: c\n\ndata: cut";
    expect(await toArray(decodeSse(cutEvery(text, 3)))).toEqual([{ data: "a\n\n b" }, { data: "c" }]);
  });

  test("gives back any event", async () => {
    const line = fc.string({ unit: "binary" }).map((text) => text.replace(/[\r\n\0]/g, ""));
    const event = fc.record({
      event: line.filter((text) => text !== ""),
      data: fc.array(line).map((lines) => lines.join("\n")),
      id: line,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event), fc.integer({ min: 1, max: 9 }), async (list, size) => {
        const wellFormed = list.map((item) => ({
          event: item.event.toWellFormed(),
          data: item.data.toWellFormed(),
          id: item.id.toWellFormed(),
        }));
        expect(await toArray(decodeSse(cutEvery(list.map(encodeSse).join(""), size)))).toEqual(wellFormed);
      }),
    );
  });

  test("bounds one event made of many lines", async () => {
    const stream = cutEvery(`${"data: 1234567\n".repeat(20)}\n`, 50);
    await expect(toArray(decodeSse(stream, { maxLineBytes: 100 }))).rejects.toMatchObject({
      code: "LINE_TOO_LONG",
    });
  });
});
