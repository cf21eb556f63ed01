import { CodedError, errorBrand } from "@puna/protocol/errors";

const brand = errorBrand("StoreError");

export type StoreErrorCode =
  | "INVALID_DIGEST"
  | "INVALID_NAME"
  | "BLOB_NOT_FOUND"
  | "BLOB_IN_USE"
  | "MODEL_NOT_FOUND"
  | "MANIFEST_INVALID"
  | "DIGEST_MISMATCH"
  | "SIZE_MISMATCH"
  | "OUT_OF_SPACE"
  | "SOURCE_REFUSED"
  | "ARCHIVE_INVALID"
  | "IDENTITY_INVALID"
  | "LOCK_TIMEOUT";

/** What went wrong at rest: in the store's files, or in something handed to it to keep. */
export class StoreError extends CodedError<StoreErrorCode> {
  static {
    brand.mark(StoreError);
  }
  static is(value: unknown): value is StoreError {
    return brand.has(value);
  }
}
