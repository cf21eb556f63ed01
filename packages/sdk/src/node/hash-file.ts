import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** Limits and progress of reading one file. */
export interface FileReadOptions {
  /** Ends the reading with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes read so far. */
  readonly onProgress?: ((completedBytes: number) => void) | undefined;
}

/** Digest of a file's content, `sha256:…`; reads it piece by piece. */
export async function hashFile(path: string, options: FileReadOptions = {}): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of readChunks(path, options)) hash.update(chunk);
  return `sha256:${hash.digest("hex")}`;
}

/** A file's bytes in pieces of 1 MiB, larger than the default because hashing is then limited by the disk alone. */
export async function* readChunks(
  path: string,
  options: FileReadOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let completed = 0;
  const stream = createReadStream(path, { highWaterMark: 1024 * 1024, signal: options.signal });
  for await (const chunk of stream) {
    yield chunk;
    completed += chunk.length;
    options.onProgress?.(completed);
  }
}
