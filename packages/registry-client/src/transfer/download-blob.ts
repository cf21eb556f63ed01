import type { ByteRange, StagedBlob } from "@puna/blob-store";
import { RegistryError } from "../errors.ts";
import type { RegistryApi } from "../http/registry-api.ts";
import { backoffMs, mayPass, parseRetryAfter, pause, type RetryPolicy } from "../http/retry.ts";
import { BlobSource } from "./blob-source.ts";
import { adjustConnections, type ConnectionPlan, firstConnectionPlan, planPartBytes } from "./chunk-plan.ts";
import { Part } from "./part.ts";
import { receiveRange } from "./receive-range.ts";
import type { TransferShare } from "./transfer-pool.ts";

export interface DownloadOptions {
  readonly api: RegistryApi;
  readonly staged: StagedBlob;
  readonly share: TransferShare;
  /** where the registry has it, if not among its blobs */
  readonly url?: URL | undefined;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal;
  /** bytes of the blob that are here, those of earlier runs included */
  readonly onProgress: (completedBytes: number) => void;
}

const measureMs = 100;
/** A part that would still take so long is shared with a connection that has nothing to do. */
const patienceMs = 1500;
const minStolenBytes = 64 * 1024;

/**
 * Fetches what is missing of a staged blob, in ranges over several connections. Ranges are taken in order and
 * never run further ahead of the hash than the share's window, so memory is bounded and nothing is read twice.
 * @throws RegistryError, StoreError; finished ranges stay for the next run
 */
export async function downloadBlob(options: DownloadOptions): Promise<void> {
  await new Download(options).run();
}

class Download {
  readonly #options: DownloadOptions;
  readonly #source: BlobSource;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #active = new Set<Part>();
  #gaps: ByteRange[];
  #completed: number;
  #connections: ConnectionPlan = firstConnectionPlan;
  #running = 0;
  #failure: { readonly error: unknown } | undefined;
  readonly #done = Promise.withResolvers<void>();

  constructor(options: DownloadOptions) {
    const { staged, api } = options;
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
    this.#source = new BlobSource(api, staged, options.url);
    const gaps: ByteRange[] = [];
    let position = 0;
    for (const { start, end } of staged.finishedRanges()) {
      if (start > position) gaps.push({ start: position, end: start });
      position = end;
    }
    if (position < staged.sizeBytes) gaps.push({ start: position, end: staged.sizeBytes });
    this.#gaps = gaps;
    this.#completed = gaps.reduce((rest, gap) => rest - (gap.end - gap.start), staged.sizeBytes);
  }

  async run(): Promise<void> {
    this.#options.onProgress(this.#completed);
    if (this.#gaps.length === 0) return;
    let measured = this.#completed;
    const timer = setInterval(() => {
      const rate = ((this.#completed - measured) * 1000) / measureMs;
      measured = this.#completed;
      this.#connections = adjustConnections(this.#connections, rate, this.#options.share.maxConnections);
      this.#addConnections();
    }, measureMs);
    try {
      this.#addConnections();
      await this.#done.promise;
    } finally {
      clearInterval(timer);
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #addConnections(): void {
    // Until the first answer is there, nobody knows whether ranges are served, or from where.
    const wanted = this.#source.servesRanges ? this.#connections.connections : 1;
    while (this.#running < wanted && !this.#signal.aborted) {
      this.#running += 1;
      void this.#work().then(
        () => this.#leave(undefined),
        (error: unknown) => this.#leave({ error }),
      );
      if (this.#gaps.length === 0) break;
    }
  }

  #leave(failure: { readonly error: unknown } | undefined): void {
    this.#running -= 1;
    if (failure !== undefined) {
      this.#failure ??= failure;
      this.#stop.abort(failure.error);
    }
    if (this.#running === 0) this.#done.resolve();
  }

  async #work(): Promise<void> {
    for (let part = await this.#takePart(); part !== undefined; part = await this.#takePart()) {
      this.#active.add(part);
      try {
        await this.#fetch(part);
      } finally {
        this.#active.delete(part);
      }
    }
  }

  /** The next part in order, or the rest of one that is slow; undefined when there is no more work for this connection. */
  async #takePart(): Promise<Part | undefined> {
    const { staged, share } = this.#options;
    for (;;) {
      this.#signal.throwIfAborted();
      const allowed = Math.min(this.#connections.connections, share.maxConnections);
      if (this.#running > Math.max(allowed, 1)) return undefined;
      const gap = this.#gaps[0];
      if (gap === undefined) return this.#steal();
      const situation = {
        connectionRate: this.#connectionRate(),
        connections: allowed,
        windowBytes: share.windowBytes,
      };
      const end = Math.min(gap.end, gap.start + planPartBytes(situation));
      const hashedNeeded = end - share.windowBytes;
      if (staged.hashedBytes() >= hashedNeeded) {
        if (end === gap.end) this.#gaps.shift();
        else this.#gaps[0] = { start: end, end: gap.end };
        return new Part(gap.start, end);
      }
      const timeout = AbortSignal.timeout(patienceMs);
      await staged
        .hashedTo(hashedNeeded, AbortSignal.any([this.#signal, timeout]))
        .catch((error: unknown) => {
          if (!timeout.aborted || this.#signal.aborted) throw error;
        });
      if (staged.hashedBytes() < hashedNeeded) {
        const stolen = this.#steal();
        if (stolen !== undefined) return stolen;
      }
    }
  }

  #steal(): Part | undefined {
    if (!this.#source.servesRanges || this.#options.share.limiter.holdsBack) return undefined;
    let slowest: Part | undefined;
    for (const part of this.#active) {
      if (part.remainingBytes < 2 * minStolenBytes || part.remainingMs(Date.now()) < patienceMs) continue;
      if (slowest === undefined || part.remainingMs(Date.now()) > slowest.remainingMs(Date.now()))
        slowest = part;
    }
    return slowest?.splitOff(Date.now());
  }

  #connectionRate(): number | undefined {
    const rates = [...this.#active].map((part) => part.rate(Date.now())).filter((rate) => rate !== undefined);
    return rates.length === 0 ? undefined : rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  }

  async #fetch(part: Part): Promise<void> {
    const { retry } = this.#options;
    let attempt = 0;
    while (part.remainingBytes > 0) {
      const before = part.position;
      try {
        await this.#fetchOnce(part);
      } catch (error) {
        this.#signal.throwIfAborted();
        if (part.remainingBytes === 0) return;
        attempt = part.position > before ? 1 : attempt + 1;
        if (!mayPass(error)) throw error;
        if (attempt >= retry.attempts) throw exhausted(error);
        await pause(retryAfter(error) ?? backoffMs(attempt, retry), this.#signal);
      }
    }
  }

  async #fetchOnce(part: Part): Promise<void> {
    const signal = AbortSignal.any([this.#signal, part.begin(Date.now())]);
    const response = await this.#source.open(part, signal);
    if (!this.#source.servesRanges) {
      // The whole blob comes in one stream; nobody else has anything to do.
      this.#gaps = [];
      part.widen(this.#options.staged.sizeBytes);
    }
    this.#addConnections();
    await receiveRange(response, part, {
      staged: this.#options.staged,
      limiter: this.#options.share.limiter,
      signal,
      onBytes: (count) => {
        this.#completed += count;
        this.#options.onProgress(Math.min(this.#completed, this.#options.staged.sizeBytes));
      },
    });
  }
}

function retryAfter(error: unknown): number | undefined {
  const value = RegistryError.is(error) ? error.details["retryAfter"] : undefined;
  return typeof value === "string" ? parseRetryAfter(value, Date.now()) : undefined;
}

function exhausted(error: unknown): RegistryError {
  const message = error instanceof Error ? error.message : String(error);
  return new RegistryError(
    RegistryError.is(error) ? error.code : "UNREACHABLE",
    `max retries exceeded: ${message}; pull again to resume`,
    { cause: error, details: RegistryError.is(error) ? error.details : {} },
  );
}
