import type { StagedBlob } from "@puna/blob-store";
import { RegistryError } from "../errors.ts";
import type { HttpResponse } from "../http/http-transport.ts";
import type { Part } from "./part.ts";
import type { RateLimiter } from "./rate-limiter.ts";

export interface ReceiveOptions {
  readonly staged: StagedBlob;
  readonly limiter: RateLimiter;
  readonly signal: AbortSignal;
  readonly onBytes: (count: number) => void;
}

const batchBytes = 512 * 1024;
const maxOpenWrites = 4;

/**
 * Writes an answer's bytes to where they belong, up to the part's end, which may come nearer meanwhile.
 * Whatever happens, what was received is written before this ends.
 * @throws RegistryError `UNREACHABLE` when the answer ends before the part does
 */
export async function receiveRange(
  answer: { readonly response: HttpResponse; readonly offset: number },
  part: Part,
  options: ReceiveOptions,
): Promise<void> {
  const { response } = answer;
  const { staged, limiter, signal, onBytes } = options;
  const writes = new Set<Promise<void>>();
  const passes = new Set<Promise<void>>();
  let writeError: { readonly error: unknown } | undefined;
  let batch: Uint8Array[] = [];
  let batched = 0;
  let toSkip = part.position - answer.offset;
  const requestedEnd = part.end;

  const flush = (): void => {
    if (batched === 0) return;
    const write = staged.write(part.position - batched, batch).then(
      () => {
        writes.delete(write);
      },
      (error: unknown) => {
        writes.delete(write);
        writeError ??= { error };
      },
    );
    writes.add(write);
    [batch, batched] = [[], 0];
  };

  const sink = (received: Uint8Array): Promise<void> | undefined => {
    if (writeError !== undefined) throw writeError.error;
    const skipped = Math.min(toSkip, received.byteLength);
    toSkip -= skipped;
    const wanted = received.subarray(skipped, Math.min(received.byteLength, skipped + part.remainingBytes));
    if (wanted.byteLength > 0) {
      // A slice of a buffer that is shared with other slices is copied now: the buffer may be handed on whole.
      batch.push(wanted.byteLength * 2 > wanted.buffer.byteLength ? wanted : new Uint8Array(wanted));
      batched += wanted.byteLength;
      part.advance(wanted.byteLength);
    }
    const passing = limiter.pass(wanted.byteLength, signal, onBytes);
    if (passing !== undefined) {
      const settle = () => passes.delete(passing);
      passes.add(passing);
      passing.then(settle, settle);
    }
    if (batched >= batchBytes) flush();
    if (part.remainingBytes <= 0) {
      flush();
      // A complete answer is left to end by itself: its connection is used again.
      if (part.position < requestedEnd || skipped + wanted.byteLength < received.byteLength)
        void response.discard();
      return undefined;
    }
    if (passing !== undefined) return passing;
    return writes.size > maxOpenWrites ? Promise.race(writes) : undefined;
  };

  try {
    await response.drain(sink);
  } catch (error) {
    // The rest of an answer is not wanted when the part is complete, so how it ended does not matter.
    if (part.remainingBytes > 0 || writeError !== undefined) throw writeError?.error ?? error;
  } finally {
    flush();
    await Promise.all(writes);
    // The bytes that came last wait for the limit as well.
    await Promise.allSettled(passes);
  }
  if (writeError !== undefined) throw writeError.error;
  if (part.remainingBytes > 0) {
    throw new RegistryError(
      "UNREACHABLE",
      `${response.url.host} ended the transfer ${part.remainingBytes} bytes early`,
    );
  }
}
