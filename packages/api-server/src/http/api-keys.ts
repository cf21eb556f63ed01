import { createHash, timingSafeEqual } from "node:crypto";
import { ApiError } from "../errors.ts";
import type { ApiRequest } from "./api-request.ts";
import type { Verb } from "./route.ts";

/** What one key may do. Keys are known by their hash only. */
export interface ApiKeyRecord {
  /** For logs and rate limits; never secret. */
  readonly name: string;
  /** Hex sha256 of the key. */
  readonly sha256: string;
  /** `admin` includes all others. */
  readonly scopes: readonly Exclude<Verb, "open">[];
  /** Models it may use, `*` at the end of a name for a family; absent: all. */
  readonly models?: readonly string[];
  readonly requestsPerMinute?: number;
}

/** Who asks, once known. */
export interface ApiKeyGrant {
  readonly name: string;
  allowsModel(model: string): boolean;
}

interface Entry {
  readonly record: ApiKeyRecord;
  readonly hash: Buffer;
  readonly bucket: TokenBucket | undefined;
}

/** Checks keys. Without any record every request is let through. */
export class ApiKeys {
  #entries: readonly Entry[];
  readonly #now: () => number;

  constructor(records: readonly ApiKeyRecord[], now: () => number) {
    this.#now = now;
    this.#entries = records.map((record) => toEntry(record, now()));
  }

  get records(): readonly ApiKeyRecord[] {
    return this.#entries.map(({ record }) => record);
  }

  /** Takes other keys from now on; those that stay keep what is left of their rate. */
  replace(records: readonly ApiKeyRecord[]): void {
    const old = new Map(this.#entries.map((entry) => [entry.record, entry]));
    this.#entries = records.map((record) => old.get(record) ?? toEntry(record, this.#now()));
  }

  /**
   * @returns undefined when no keys are asked for
   * @throws ApiError `UNAUTHORIZED`, `FORBIDDEN`, `TOO_MANY_REQUESTS`
   */
  authorize(request: Pick<ApiRequest, "header">, verb: Verb): ApiKeyGrant | undefined {
    if (this.#entries.length === 0) return undefined;
    if (verb === "open") return undefined;
    const entry = this.#find(keyOf(request));
    if (entry === undefined)
      throw new ApiError("UNAUTHORIZED", "a valid API key is required: Authorization: Bearer <key>");
    const { record, bucket } = entry;
    if (!record.scopes.includes("admin") && !record.scopes.includes(verb)) {
      throw new ApiError("FORBIDDEN", `this API key does not have the scope "${verb}"`);
    }
    if (bucket?.take(this.#now()) === false) {
      throw new ApiError("TOO_MANY_REQUESTS", "rate limit of this API key exceeded, please try again later");
    }
    return { name: record.name, allowsModel: (model) => allows(record.models, model) };
  }

  /** Looks at every key whatever the given one is, and compares hashes in constant time. */
  #find(key: string | undefined): Entry | undefined {
    const hash = createHash("sha256")
      .update(key ?? "")
      .digest();
    let found: Entry | undefined;
    for (const entry of this.#entries) {
      if (entry.hash.length === hash.length && timingSafeEqual(entry.hash, hash)) found = entry;
    }
    return key === undefined ? undefined : found;
  }
}

function toEntry(record: ApiKeyRecord, now: number): Entry {
  const { sha256, requestsPerMinute: rate } = record;
  return {
    record,
    hash: Buffer.from(sha256, "hex"),
    bucket: rate === undefined ? undefined : new TokenBucket(rate, now),
  };
}

/** Bearer token, or the header of Anthropic's clients. */
function keyOf(request: Pick<ApiRequest, "header">): string | undefined {
  const bearer = /^Bearer\s+(.+)$/i.exec(request.header("authorization") ?? "")?.[1];
  return bearer ?? request.header("x-api-key");
}

function allows(models: readonly string[] | undefined, model: string): boolean {
  if (models === undefined) return true;
  const name = model.toLowerCase();
  return models.some((allowed) => {
    const pattern = allowed.toLowerCase();
    if (pattern.endsWith("*")) return name.startsWith(pattern.slice(0, -1));
    return name === pattern || name === `${pattern}:latest` || `${name}:latest` === pattern;
  });
}

/** Refills evenly; holds one minute's worth. */
class TokenBucket {
  readonly #perMinute: number;
  #tokens: number;
  #at: number;

  constructor(perMinute: number, now: number) {
    this.#perMinute = perMinute;
    this.#tokens = perMinute;
    this.#at = now;
  }

  take(now: number): boolean {
    this.#tokens = Math.min(this.#perMinute, this.#tokens + ((now - this.#at) / 60_000) * this.#perMinute);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
