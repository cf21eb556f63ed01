import { GgufArray } from "./array.ts";
import { refuse } from "./refuse.ts";
import type { GgufValueType } from "./value-types.ts";

export type GgufValue = number | bigint | boolean | string | GgufArray;

export interface GgufEntry {
  readonly key: string;
  readonly type: GgufValueType;
  readonly value: GgufValue;
  /** First byte of the value in the file. */
  readonly offset: number;
}

/**
 * The key-value pairs of a GGUF file, in the order of the file.
 * A typed getter gives undefined for an absent key and refuses a value of another type, so that
 * no caller goes on with a wrong guess.
 */
export class GgufMetadata implements Iterable<GgufEntry> {
  readonly #entries: ReadonlyMap<string, GgufEntry>;

  constructor(entries: readonly GgufEntry[]) {
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]));
  }

  get size(): number {
    return this.#entries.size;
  }

  /** `general.architecture`; empty where the file names none (later parts of a split set). */
  get architecture(): string {
    return this.string("general.architecture") ?? "";
  }

  [Symbol.iterator](): Iterator<GgufEntry> {
    return this.#entries.values();
  }

  /** Whether the file has that key, of any type. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Type and value under a key. */
  entry(key: string): GgufEntry | undefined {
    return this.#entries.get(key);
  }

  /** The value under `<architecture>.<suffix>`. */
  architectureEntry(suffix: string): GgufEntry | undefined {
    return this.#entries.get(`${this.architecture}.${suffix}`);
  }

  /**
   * A text; undefined where the key is absent.
   * @throws GgufError rule `value-type` when the key holds something else
   */
  string(key: string): string | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    return typeof entry.value === "string" ? entry.value : refuseType(entry, "a string");
  }

  /** Any integer or float that a double holds exactly. @throws GgufError rule `value-type` or `value-range` */
  number(key: string): number | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (typeof entry.value === "bigint") {
      refuse("value-range", entry.offset, `${key} is ${entry.value}, past what can be counted`);
    }
    return typeof entry.value === "number" ? entry.value : refuseType(entry, "a number");
  }

  /**
   * A truth value; undefined where the key is absent.
   * @throws GgufError rule `value-type` when the key holds something else
   */
  boolean(key: string): boolean | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    return typeof entry.value === "boolean" ? entry.value : refuseType(entry, "a boolean");
  }

  /**
   * A list, read when it is asked for its items; undefined where the key is absent.
   * @throws GgufError rule `value-type` when the key holds something else
   */
  array(key: string): GgufArray | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    return entry.value instanceof GgufArray ? entry.value : refuseType(entry, "an array");
  }

  /**
   * A setting that is one number for all layers or a list with one number a layer.
   * @throws GgufError rule `value-type` when it is neither, or a list too long to be one
   */
  numberOrList(key: string): number | readonly number[] | undefined {
    const value = this.#entries.get(key)?.value;
    if (!(value instanceof GgufArray)) return this.number(key);
    const values =
      value.values ?? refuse("value-type", value.offset, `${key} is not a list with one number a layer`);
    return values.map(Number);
  }
}

function refuseType(entry: GgufEntry, wanted: string): never {
  refuse("value-type", entry.offset, `${entry.key} is of type ${entry.type}, not ${wanted}`);
}
