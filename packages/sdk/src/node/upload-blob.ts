import type { Puna } from "../client.ts";
import { type FileReadOptions, hashFile, readChunks } from "./hash-file.ts";

/**
 * Puts a file on the server, unless it is there already; sends it while reading it.
 * @param digest  the file's digest where it is known; else it is computed first
 * @returns the digest, to be named in `files` of a create request
 */
export async function uploadBlob(
  client: Puna,
  path: string,
  digest?: string,
  options: FileReadOptions = {},
): Promise<string> {
  const { signal } = options;
  const known = digest ?? (await hashFile(path, { signal }));
  if (await client.blobs.exists(known, { signal })) return known;
  await client.blobs.upload(known, ReadableStream.from(readChunks(path, options)), { signal });
  return known;
}
