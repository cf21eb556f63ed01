import { parentPort } from "node:worker_threads";
import { RangeWriter } from "./range-writer.ts";
import type { WriterReply, WriterRequest } from "./writer-messages.ts";

// The thread in which blobs are written and hashed, so that neither holds up the server.

/** Bytes read back at a time before other messages get their turn. */
const catchUpBytes = 16 * 1024 * 1024;

const writers = new Map<number, RangeWriter>();

parentPort?.on("message", (request: WriterRequest) => {
  try {
    handle(request);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
    reply({
      type: "failed",
      id: request.id,
      code,
      message: error instanceof Error ? error.message : String(error),
    });
  }
});

function handle(request: WriterRequest): void {
  if (request.type === "open") {
    writers.set(request.writer, new RangeWriter(request.options, true));
    reply({ type: "done", id: request.id });
    catchUp(request.writer);
    return;
  }
  const writer = writers.get(request.writer);
  if (writer === undefined) throw new Error("This file was closed");
  switch (request.type) {
    case "write": {
      writer.write(request.offset, request.chunks);
      catchUp(request.writer);
      reply({ type: "done", id: request.id });
      return;
    }
    case "finish":
      writers.delete(request.writer);
      reply({ type: "done", id: request.id, hex: writer.finish(request.sizeBytes) });
      return;
    case "close":
      writers.delete(request.writer);
      writer.close();
      reply({ type: "done", id: request.id });
      return;
    default:
      request satisfies never;
  }
}

/** Hashes on in slices; `writers` loses a writer when it is closed in between. */
function catchUp(id: number): void {
  const writer = writers.get(id);
  if (writer === undefined) return;
  const reachedEnd = writer.catchUp(catchUpBytes);
  reply({ type: "hashed", writer: id, hashedBytes: writer.hashedBytes });
  if (!reachedEnd) setImmediate(catchUp, id);
}

function reply(message: WriterReply): void {
  parentPort?.postMessage(message);
}
