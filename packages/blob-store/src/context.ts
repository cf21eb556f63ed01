import type { WriterThread } from "./blobs/blob-writer.ts";
import type { Trace } from "./durable-files.ts";
import type { StoreLayout } from "./layout.ts";
import type { Leases } from "./locks/leases.ts";
import type { Owner } from "./locks/owner.ts";
import type { ProcessLocks } from "./locks/process-lock.ts";
import type { Reservations } from "./reservations.ts";

/** What the parts of one open store share. */
export interface StoreContext {
  readonly layout: StoreLayout;
  readonly owner: Owner;
  readonly locks: ProcessLocks;
  readonly leases: Leases;
  readonly reservations: Reservations;
  readonly writerThread: WriterThread;
  readonly trace: Trace;
  /** Resolves when no blob goes by an old name any more; everything that looks for blobs waits for it. */
  readonly namesAreNew: () => Promise<void>;
}
