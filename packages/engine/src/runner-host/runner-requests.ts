import type { TokenEvent } from "../engine.ts";
import { EngineError } from "../errors.ts";
import { EventQueue } from "../event-queue.ts";
import type { Channel } from "../ipc/channel.ts";
import { type ChildMessage, type HostMessage, ipcVersion } from "../ipc/messages.ts";

interface Pending {
  /** What models are loaded for; the rest is talk about them. */
  readonly isWork: boolean;
  readonly events?: EventQueue<TokenEvent>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

type RequestBody = HostMessage extends infer TMessage
  ? TMessage extends { readonly id: number }
    ? Omit<TMessage, "id">
    : never
  : never;

/** The host's side of the conversation with one runner: numbers requests and sorts the answers. */
export class RunnerRequests {
  readonly #channel: Channel<HostMessage, ChildMessage>;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #failure: EngineError | undefined;
  /** Completions, embeddings and rankings that came to their end. */
  answered = 0;
  /** When the child last said anything, and when it last got something to do while it had nothing. */
  heardAt = Date.now();
  busySince = Date.now();
  /** Settles when the child has greeted us in our own version. */
  readonly greeted: Promise<void>;
  #greet: { readonly resolve: () => void; readonly reject: (error: Error) => void };

  constructor(channel: Channel<HostMessage, ChildMessage>) {
    this.#channel = channel;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.greeted = promise;
    this.#greet = { resolve, reject };
    channel.onMessage((message) => this.#receive(message));
  }

  /** Requests of ours that it has not answered. */
  get pending(): number {
    return this.#pending.size;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** @param signal  aborting asks the child to stop; the promise still settles when the child says so */
  async request(body: RequestBody, signal?: AbortSignal): Promise<unknown> {
    const { id, answered } = this.#send(body);
    const cancel = this.#cancelOn(signal, id);
    try {
      return await answered;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  async *stream(body: RequestBody, signal?: AbortSignal): AsyncIterable<TokenEvent> {
    const events = new EventQueue<TokenEvent>();
    const { id, answered } = this.#send(body, events);
    const settled = answered.then(
      () => events.end(),
      (error: unknown) => events.end(error instanceof Error ? error : new Error(String(error))),
    );
    const cancel = this.#cancelOn(signal, id);
    try {
      yield* events;
    } finally {
      // A reader that stops reading frees the slot.
      if (!events.hasEnded) cancel();
      signal?.removeEventListener("abort", cancel);
      await settled;
    }
  }

  #send(body: RequestBody, events?: EventQueue<TokenEvent>): { id: number; answered: Promise<unknown> } {
    const id = this.#nextId++;
    if (this.#failure !== undefined) return { id, answered: Promise.reject(this.#failure) };
    if (this.#pending.size === 0) this.busySince = Date.now();
    const isWork = body.type === "complete" || body.type === "embed" || body.type === "rank";
    const { promise: answered, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { isWork, resolve, reject, ...(events === undefined ? {} : { events }) });
    // RequestBody is HostMessage without its id, which is given back here.
    this.#channel.send({ ...body, id } as HostMessage);
    return { id, answered };
  }

  /** @returns what asks the child to stop, for as long as it has not answered */
  #cancelOn(signal: AbortSignal | undefined, id: number): () => void {
    const cancel = () => {
      if (this.#pending.has(id)) this.#channel.send({ type: "cancel", id });
    };
    signal?.addEventListener("abort", cancel, { once: true });
    if (signal?.aborted) cancel();
    return cancel;
  }

  /** The runner is gone: everything that waited for it fails, and so does everything asked later. */
  fail(error: EngineError): void {
    this.#failure ??= error;
    this.#greet.reject(error);
    this.greeted.catch(() => {});
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }

  #receive(message: ChildMessage): void {
    this.heardAt = Date.now();
    if (message.type === "hello") {
      this.#hear(message.version);
      return;
    }
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    switch (message.type) {
      case "event":
        pending.events?.push(message.event);
        return;
      case "done":
        this.#pending.delete(message.id);
        if (pending.isWork) this.answered += 1;
        pending.resolve(message.value);
        return;
      case "failed": {
        this.#pending.delete(message.id);
        const { code, message: text, details } = message.error;
        pending.reject(new EngineError(code, text, { details }));
        return;
      }
      default:
        message satisfies never;
    }
  }

  #hear(version: number): void {
    if (version === ipcVersion) {
      this.#greet.resolve();
      return;
    }
    const text = `the runner speaks version ${version}, this server version ${ipcVersion}; install both from one release`;
    this.#greet.reject(new EngineError("PROTOCOL_MISMATCH", text));
  }
}
