import { pipeline, Readable } from "node:stream";
import { createZstdDecompress } from "node:zlib";
import { ApiError, badRequest } from "../errors.ts";
import type { ApiRequest } from "./api-request.ts";
import { unstalled, within } from "./unstalled.ts";

/** Most that a packed body may become. @source ollama middleware/zstd */
const maxUnpackedBytes = 20 * 1024 * 1024;
/** Bodies that say they are no longer come at once or not at all; they are read without a stream, which takes a millisecond. */
const smallBytes = 64 * 1024;

/**
 * Reads a whole body into memory, but never more than `maxBytes` of it.
 * @throws ApiError `TOO_LARGE`
 */
export async function readBody(
  request: Pick<ApiRequest, "header" | "bytes" | "body">,
  maxBytes: number,
): Promise<Uint8Array> {
  const declared = Number(request.header("content-length") ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  const isPacked = request.header("content-encoding")?.toLowerCase() === "zstd";
  if (!isPacked && declared > 0 && declared <= smallBytes) {
    const bytes = await within(request.bytes());
    if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
    return bytes;
  }
  const body = request.body();
  if (body === undefined) return new Uint8Array();
  if (!isPacked) return readAll(unstalled(body), maxBytes);
  try {
    const unpacked = pipeline(Readable.from(unstalled(body)), createZstdDecompress(), () => {});
    return await readAll(unpacked, Math.min(maxBytes, maxUnpackedBytes));
  } catch (error) {
    if (ApiError.is(error)) throw error;
    throw badRequest("zstd body cannot be decompressed", error);
  }
}

async function readAll(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    length += chunk.byteLength;
    if (length > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  if (chunks.length === 1 && chunks[0] !== undefined) return chunks[0];
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

function tooLarge(maxBytes: number): ApiError {
  return new ApiError("TOO_LARGE", `request body is larger than ${maxBytes} bytes`);
}
