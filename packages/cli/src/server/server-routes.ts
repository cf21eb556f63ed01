import { Puna } from "@puna/sdk";
import type { CliContext } from "../context.ts";

/** Answer of `GET /api/puna/store/df`; sizes in bytes. */
export interface StoreUsage {
  readonly total: number;
  readonly blobs: number;
  readonly reclaimable: number;
  readonly models: readonly { readonly name: string; readonly size: number; readonly unique: number }[];
}

/** Answer of `POST /api/puna/store/prune`. */
export interface PruneResult {
  readonly removed: readonly { readonly kind: string; readonly size: number; readonly path: string }[];
  readonly freed: number;
  readonly kept: number;
  readonly dry_run: boolean;
}

/** Lines of `POST /api/puna/store/verify`. */
export type VerifyLine =
  | { readonly digest: string; readonly size: number; readonly ok: boolean; readonly found?: string }
  | { readonly status: "success" | "damaged"; readonly checked: number; readonly damaged: number };

/** A loaded model, as `GET /api/puna/slots` tells it. */
export interface SlotUsage {
  readonly name: string;
  readonly driver: string;
  readonly pid: number | null;
  readonly slots: number;
  readonly busy: number;
  readonly context_length: number;
  readonly size: number;
  readonly size_vram: number;
}

/** Answer of `POST /api/me`; Ollama's server knows an account, ours has none. */
export interface AccountAnswer {
  readonly name?: string;
  readonly error?: string;
  readonly signin_url?: string;
}

/** Routes that the SDK leaves out: care of the store, a look into the engine, the account. */
export class ServerRoutes extends Puna {
  constructor({ serverUrl, fetch }: Pick<CliContext, "serverUrl" | "fetch">) {
    super({ host: serverUrl, fetch });
  }

  account(): Promise<AccountAnswer> {
    return this.transport.json({ method: "POST", path: "/api/me", json: {}, accept: [401] });
  }

  async signOut(): Promise<void> {
    await this.transport.status({ method: "POST", path: "/api/signout", json: {} });
  }

  storeUsage(): Promise<StoreUsage> {
    return this.transport.json({ method: "GET", path: "/api/puna/store/df", isIdempotent: true });
  }

  prune(request: { readonly dry_run: boolean; readonly min_age_seconds?: number }): Promise<PruneResult> {
    return this.transport.json({ method: "POST", path: "/api/puna/store/prune", json: request });
  }

  verify(): Promise<AsyncIterable<VerifyLine>> {
    return this.transport.stream<VerifyLine>({ method: "POST", path: "/api/puna/store/verify", json: {} });
  }

  slots(): Promise<{ readonly models: readonly SlotUsage[] }> {
    return this.transport.json({ method: "GET", path: "/api/puna/slots", isIdempotent: true });
  }
}
