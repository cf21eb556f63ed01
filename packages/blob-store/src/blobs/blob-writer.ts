import { Worker } from "node:worker_threads";
import { RangeWriter, type RangeWriterOptions } from "./range-writer.ts";
import type { WriterReply, WriterRequest } from "./writer-messages.ts";

/** A file being written in ranges and hashed, here or in another thread. */
export interface BlobWriter {
  /** Takes the chunks over; resolves when they are written. */
  write(offset: number, chunks: readonly Uint8Array[]): Promise<void>;
  /** Bytes hashed from the start, without a gap. */
  readonly hashedBytes: number;
  onHashed(listener: () => void): void;
  /** Syncs and closes the file. @returns sha256 of all bytes, hex */
  finish(sizeBytes: number): Promise<string>;
  close(): Promise<void>;
}

/** Writes on the calling thread; right for what is hashed in a few milliseconds. */
export function openInlineWriter(options: RangeWriterOptions): BlobWriter {
  const writer = new RangeWriter(options);
  writer.catchUp(Number.POSITIVE_INFINITY);
  let listener = () => {};
  return {
    async write(offset, chunks) {
      writer.write(offset, chunks);
      writer.catchUp(Number.POSITIVE_INFINITY);
      listener();
    },
    get hashedBytes() {
      return writer.hashedBytes;
    },
    onHashed: (next) => {
      listener = next;
    },
    finish: async (sizeBytes) => writer.finish(sizeBytes),
    close: async () => writer.close(),
  };
}

interface Waiting {
  readonly resolve: (reply: { readonly hex?: string }) => void;
  readonly reject: (error: Error) => void;
}

/** The thread behind a store's big writes. Started when first needed; keeps no process alive while idle. */
export class WriterThread {
  #worker: Worker | undefined;
  #nextId = 0;
  readonly #waiting = new Map<number, Waiting>();
  readonly #hashed = new Map<number, { bytes: number; listener: () => void }>();

  async open(options: RangeWriterOptions): Promise<BlobWriter> {
    const writer = this.#takeId();
    const state = { bytes: 0, listener: () => {} };
    this.#hashed.set(writer, state);
    const end = () => this.#hashed.delete(writer);
    try {
      await this.#ask({ type: "open", id: this.#takeId(), writer, options });
    } catch (error) {
      end();
      throw error;
    }
    return {
      write: async (offset, chunks) => {
        const owned = chunks.map(takeOver);
        // Later: other slices of the same buffers may still have to be copied by the code that calls now.
        await Promise.resolve();
        const id = this.#takeId();
        await this.#ask({ type: "write", id, writer, offset, chunks: owned }, owned.map(bufferOf));
      },
      get hashedBytes() {
        return state.bytes;
      },
      onHashed: (listener) => {
        state.listener = listener;
      },
      finish: async (sizeBytes) => {
        const reply = await this.#ask({ type: "finish", id: this.#takeId(), writer, sizeBytes });
        end();
        return reply.hex ?? "";
      },
      close: async () => {
        await this.#ask({ type: "close", id: this.#takeId(), writer });
        end();
      },
    };
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  #ask(request: WriterRequest, transfer: readonly ArrayBuffer[] = []): Promise<{ readonly hex?: string }> {
    this.#worker ??= this.#start();
    this.#worker.ref();
    const { promise, resolve, reject } = Promise.withResolvers<{ readonly hex?: string }>();
    this.#waiting.set(request.id, { resolve, reject });
    this.#worker.postMessage(request, [...transfer]);
    return promise;
  }

  #start(): Worker {
    // From source the thread's file ends in .ts, built in .js; either way it lies beside this one.
    const suffix = import.meta.url.endsWith(".ts") ? "ts" : "js";
    const worker = new Worker(new URL(`./writer-thread.${suffix}`, import.meta.url), {
      execArgv: [],
      stdin: false,
    });
    worker.on("message", (reply: WriterReply) => this.#receive(reply));
    worker.on("error", (error) => this.#fail(error));
    worker.on("exit", () => this.#fail(new Error("The store's writer thread ended")));
    return worker;
  }

  #receive(reply: WriterReply): void {
    if (reply.type === "hashed") {
      const state = this.#hashed.get(reply.writer);
      if (state === undefined) return;
      state.bytes = reply.hashedBytes;
      state.listener();
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if (reply.type === "done") waiting?.resolve(reply);
    else waiting?.reject(Object.assign(new Error(reply.message), { code: reply.code }));
  }

  #fail(error: Error): void {
    this.#worker = undefined;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  #takeId(): number {
    this.#nextId += 1;
    return this.#nextId;
  }
}

/**
 * A chunk whose buffer may be handed to the other thread whole. A slice that fills less than half of its buffer
 * shares it with others, so it is copied; of those that fill more there is at most one to a buffer.
 */
function takeOver(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = chunk;
  if (buffer instanceof ArrayBuffer && chunk.byteLength * 2 > buffer.byteLength) {
    return new Uint8Array(buffer, chunk.byteOffset, chunk.byteLength);
  }
  return new Uint8Array(chunk);
}

function bufferOf(chunk: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return chunk.buffer;
}
