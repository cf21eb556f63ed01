import { GgufError, type GgufErrorCode } from "../errors.ts";

/** Rules a file can break, as they appear in `GgufError.details.rule`. */
export type GgufRule =
  | "magic"
  | "version"
  | "truncated"
  | "key-count"
  | "tensor-count"
  | "header-size"
  | "key"
  | "duplicate-key"
  | "value-type"
  | "value-range"
  | "string-length"
  | "string-encoding"
  | "array-length"
  | "array-depth"
  | "retained-size"
  | "alignment"
  | "tensor-name"
  | "duplicate-tensor"
  | "tensor-dimensions"
  | "tensor-type"
  | "tensor-row"
  | "tensor-offset"
  | "tensor-size"
  | "tensor-overlap"
  | "hyperparameter"
  | "compatibility"
  | "split";

/**
 * The one way in which this folder refuses a file.
 * @param offset byte in the file at which the rule is broken
 */
export function refuse(
  rule: GgufRule,
  offset: number,
  text: string,
  code: GgufErrorCode = "GGUF_INVALID",
): never {
  throw new GgufError(code, `Not a usable GGUF file: ${text} (byte ${offset}, rule ${rule})`, {
    details: { offset, rule },
  });
}
