import type { OnReadOpts, Socket } from "node:net";

/** What one read may take from a socket. Node takes 64 KiB; each read costs the time in which such a piece is copied. */
const readBytes = 256 * 1024;

/** Options of a new socket that reads more at once than Node's do, and hands it out as any other stream. */
export function bigReads(): { readonly onread: OnReadOpts; readonly highWaterMark: number } {
  let buffer = Buffer.allocUnsafeSlow(readBytes);
  return {
    highWaterMark: 2 * readBytes,
    onread: {
      buffer: () => buffer,
      callback(this: Socket, count) {
        // A long read keeps its buffer, which is then handed on without a copy; short ones share one.
        if (count * 2 <= readBytes) return this.push(Buffer.copyBytesFrom(buffer, 0, count));
        const chunk = buffer.subarray(0, count);
        buffer = Buffer.allocUnsafeSlow(readBytes);
        return this.push(chunk);
      },
    },
  };
}
