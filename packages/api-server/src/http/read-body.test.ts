import { zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ApiRequest, fromFetch } from "./api-request.ts";
import { readBody } from "./read-body.ts";

function requestOf(chunks: readonly Uint8Array[], headers: Record<string, string> = {}): ApiRequest {
  const body = ReadableStream.from(chunks);
  return fromFetch(new Request("http://localhost/", { method: "POST", body, headers, duplex: "half" }));
}

const chunkLists = fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 16 });

describe("readBody", () => {
  it("joins chunks, however the body was cut", async () => {
    await fc.assert(
      fc.asyncProperty(chunkLists, async (chunks) => {
        const read = await readBody(requestOf(chunks), 1024);
        expect(Buffer.from(read).equals(Buffer.concat(chunks))).toBe(true);
      }),
    );
  });

  it("takes as many bytes as it may and not one more, packed or not", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 256 }),
        fc.boolean(),
        async (bytes, packed) => {
          const sent = packed ? new Uint8Array(zstdCompressSync(bytes)) : bytes;
          const headers: Record<string, string> = packed ? { "content-encoding": "zstd" } : {};
          const read = await readBody(requestOf([sent], headers), bytes.length);
          expect(Buffer.from(read).equals(Buffer.from(bytes))).toBe(true);
          await expect(readBody(requestOf([sent], headers), bytes.length - 1)).rejects.toMatchObject({
            code: "TOO_LARGE",
          });
        },
      ),
    );
  });
});
