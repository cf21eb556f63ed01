import type { ProgressResponse } from "./models.ts";

/** Answer of GET /api/puna/store/df; sizes in bytes. */
export interface StoreUsage {
  readonly total: number;
  /** How many files. */
  readonly blobs: number;
  /** What a prune of everything unused would free. */
  readonly reclaimable: number;
  /** `unique`: what only this model uses. */
  readonly models: readonly { readonly name: string; readonly size: number; readonly unique: number }[];
}

/** Body of POST /api/puna/store/prune. */
export interface PruneRequest {
  /** Only tell what would go. */
  readonly dry_run?: boolean;
  /** Leave files that changed within this many seconds; default one hour. */
  readonly min_age_seconds?: number;
}

/** Answer of POST /api/puna/store/prune; sizes in bytes. */
export interface PruneResult {
  readonly removed: readonly { readonly kind: string; readonly size: number; readonly path: string }[];
  readonly freed: number;
  readonly kept: number;
  readonly dry_run: boolean;
}

/** Body of POST /api/puna/store/verify. */
export interface VerifyRequest {
  /** Fetch what is corrupt or missing again. */
  readonly repair?: boolean;
  /** Plain HTTP is allowed for registries. */
  readonly insecure?: boolean;
}

/** Lines of POST /api/puna/store/verify: each file, repairs and their progress, and the sum. */
export type VerifyLine =
  | {
      readonly digest: string;
      readonly size: number;
      readonly ok: boolean;
      readonly orphaned?: boolean;
      /** Digest of the bytes that are there; a damaged file without it is missing. */
      readonly found?: string;
      readonly models?: readonly string[];
    }
  | { readonly manifest: string; readonly ok: false; readonly reason: string }
  | { readonly digest: string; readonly repaired: boolean; readonly from?: string; readonly reason?: string }
  | {
      readonly status: "success" | "damaged";
      readonly checked: number;
      readonly damaged: number;
      readonly repaired?: number;
      readonly orphaned?: number;
    }
  | ProgressResponse;

/** A loaded model and how busy it is. */
export interface SlotUsage {
  readonly name: string;
  /** `llama/native`, `llama/portable`, `scripted`. */
  readonly driver: string;
  readonly pid: number | null;
  readonly slots: number;
  readonly busy: number;
  readonly context_length: number;
  /** Bytes. */
  readonly size: number;
  readonly size_vram: number;
}

/** Answer of GET /api/puna/slots. */
export interface SlotsResponse {
  readonly models: readonly SlotUsage[];
}

export interface Device {
  readonly name: string;
  readonly kind: "cpu" | "gpu" | "integrated-gpu" | "accelerator";
  /** Bytes. */
  readonly free: number;
  readonly total: number;
}

/** Answer of GET /api/puna/devices: what models can run on here, and what runs them. */
export interface DevicesResponse {
  /** `llama/native` or `llama/portable`. */
  readonly driver: string;
  /** Why not the native one. */
  readonly fallback_reason?: string;
  /** Of llama.cpp, where it is known. */
  readonly version?: string;
  /** `gpu` where one of the devices is more than a processor. */
  readonly backend: "cpu" | "gpu";
  readonly devices: readonly Device[];
  /** Of the loaded models together, bytes. */
  readonly used: { readonly size: number; readonly size_vram: number };
}

/** What an API key may be used for; `admin` includes the others. */
export type KeyScope = "infer" | "embed" | "manage" | "admin";

/** An API key as the server tells it; the key itself is shown once, when it is made. */
export interface KeyInfo {
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  /** Models it is for, `*` at the end of a name for a family; absent: all. */
  readonly models?: readonly string[];
  readonly requests_per_minute?: number;
}

/** Answer of GET /api/puna/keys. */
export interface KeysResponse {
  readonly keys: readonly KeyInfo[];
}

/** Body of POST /api/puna/keys. */
export type CreateKeyRequest = KeyInfo;

/** Answer of POST /api/puna/keys. */
export interface CreateKeyResponse extends KeyInfo {
  /** Told this once. */
  readonly key: string;
}
