/**
 * Base of every error that puna throws on purpose: a closed code for programs, a sentence for people.
 * `message` says what was attempted, on what, and what to do; it never holds secrets or prompts.
 */
export abstract class CodedError<TCode extends string = string> extends Error {
  readonly code: TCode;
  /** Facts a program may need (byte offsets, counts, digests); JSON-safe. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: TCode,
    message: string,
    options: { readonly cause?: unknown; readonly details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }
}

/**
 * Gives an error class an identity that survives duplicated bundles, where `instanceof` fails.
 * @example
 * const brand = errorBrand("StoreError");
 * class StoreError extends CodedError<StoreErrorCode> {
 *   static { brand.mark(this); }
 *   static is(value: unknown): value is StoreError { return brand.has(value); }
 * }
 */
export function errorBrand(name: string): {
  mark(errorClass: { readonly prototype: object }): void;
  has(value: unknown): boolean;
} {
  const key = Symbol.for(`@puna/error/${name}`);
  return {
    mark: (errorClass) => {
      Object.defineProperty(errorClass.prototype, key, { value: true });
    },
    has: (value) => typeof value === "object" && value !== null && key in value,
  };
}

/** Body of an error answer, and the last line of a stream that failed: the wire form of every API error. */
export interface WireError {
  readonly error: string;
}
