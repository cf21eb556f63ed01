import { type ProgressEvent, shortDigest } from "./progress.ts";
import { Speedometer } from "./transfer/speedometer.ts";

/** Ollama's rhythm. */
const tickMs = 60;

/** Turns the byte counts of one blob into events: the first at once, then at most one a tick, and the last. */
export class TransferProgress {
  readonly #emit: (event: ProgressEvent) => void;
  readonly #verb: "pulling" | "pushing";
  readonly #digest: string;
  readonly #totalBytes: number;
  readonly #speed = new Speedometer();
  #lastAtMs = 0;
  #lastBytes = -1;

  constructor(
    emit: (event: ProgressEvent) => void,
    blob: { readonly verb: "pulling" | "pushing"; readonly digest: string; readonly totalBytes: number },
  ) {
    this.#emit = emit;
    this.#verb = blob.verb;
    this.#digest = blob.digest;
    this.#totalBytes = blob.totalBytes;
  }

  report(completedBytes: number): void {
    const now = Date.now();
    // What an earlier run left is shown at once.
    const isFirst = this.#lastBytes <= 0 && completedBytes > 0;
    if (isFirst || now - this.#lastAtMs >= tickMs) this.#send(now, completedBytes);
  }

  finish(): void {
    if (this.#lastBytes !== this.#totalBytes) this.#send(Date.now(), this.#totalBytes);
  }

  #send(now: number, completedBytes: number): void {
    this.#lastAtMs = now;
    this.#lastBytes = completedBytes;
    const rate = this.#speed.measure(now, completedBytes);
    const rest = this.#totalBytes - completedBytes;
    this.#emit({
      type: "transfer",
      status: `${this.#verb} ${shortDigest(this.#digest)}`,
      digest: this.#digest,
      totalBytes: this.#totalBytes,
      completedBytes,
      ...(rate === undefined || rate <= 0
        ? {}
        : { bytesPerSecond: Math.round(rate), remainingMs: Math.round((rest * 1000) / rate) }),
    });
  }
}
