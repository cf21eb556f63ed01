/**
 * One step of a pull or push. `status` is the text Ollama shows for it; the numbers are there while a blob moves.
 */
export type ProgressEvent = StatusEvent | TransferEvent;

export interface StatusEvent {
  readonly type: "status";
  readonly status: string;
}

export interface TransferEvent {
  readonly type: "transfer";
  /** `pulling <12 hex>` or `pushing <12 hex>` */
  readonly status: string;
  readonly digest: string;
  readonly totalBytes: number;
  readonly completedBytes: number;
  /** over the last seconds; absent until there is something to measure */
  readonly bytesPerSecond?: number;
  /** time left for this blob at that rate */
  readonly remainingMs?: number;
}

export function statusEvent(status: string): StatusEvent {
  return { type: "status", status };
}

/** `sha256:0ad174948c42…` → `0ad174948c42`, as statuses show it. */
export function shortDigest(digest: string): string {
  return digest.slice("sha256:".length, "sha256:".length + 12);
}
