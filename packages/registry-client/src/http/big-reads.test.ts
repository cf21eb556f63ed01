import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { bigReads } from "./big-reads.ts";

/** A loopback connection that carries `bytes` in pieces of these lengths, again and again. */
async function receive(bytes: Buffer, pieceBytes: readonly number[]) {
  // A reader that goes away ends the sending.
  const server = createServer((peer) => void send(peer, bytes, pieceBytes).catch(() => {}));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: "127.0.0.1", port, ...bigReads() });
  return { socket, [Symbol.asyncDispose]: async () => void server.close() };
}

async function send(peer: Socket, bytes: Buffer, pieceBytes: readonly number[]): Promise<void> {
  for (let [start, turn] = [0, 0]; start < bytes.byteLength; turn += 1) {
    const end = start + (pieceBytes[turn % pieceBytes.length] ?? 1);
    if (!peer.write(bytes.subarray(start, end))) await once(peer, "drain");
    start = end;
  }
  peer.end();
}

test("reads of every length hand out each byte once, and no two chunks share a buffer", async () => {
  const bytes = randomBytes(24 * 1024 * 1024);
  await using line = await receive(bytes, [1, 700, 64 * 1024, 3 * 1024 * 1024, 9 * 1024]);
  const hash = createHash("sha256");
  const buffers = new Set<ArrayBufferLike>();
  let chunks = 0;
  for await (const chunk of line.socket) {
    hash.update(chunk);
    buffers.add(chunk.buffer);
    chunks += 1;
  }
  expect(hash.digest("hex")).toBe(createHash("sha256").update(bytes).digest("hex"));
  expect(buffers.size).toBe(chunks);
});

test("a reader that stops holds the sender up", async () => {
  const bytes = randomBytes(64 * 1024 * 1024);
  await using line = await receive(bytes, [1024 * 1024]);
  line.socket.pause();
  // Nothing is taken out: what waits grows to the bound and no further.
  await expect
    .poll(() => line.socket.read(0) ?? line.socket.readableLength, { timeout: 10_000 })
    .toBeGreaterThanOrEqual(line.socket.readableHighWaterMark);
  expect(line.socket.readableLength).toBeLessThan(2 * line.socket.readableHighWaterMark);
  expect(line.socket.bytesRead).toBe(line.socket.readableLength);
  line.socket.destroy();
});
