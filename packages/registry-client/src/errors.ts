import { CodedError, errorBrand } from "@puna/protocol/errors";

const brand = errorBrand("RegistryError");

export type RegistryErrorCode =
  | "NOT_FOUND"
  | "UNAUTHORIZED"
  | "REFUSED_BY_REGISTRY"
  | "UNREACHABLE"
  | "STALLED"
  | "INSECURE"
  | "TARGET_REFUSED"
  | "REDIRECT_REFUSED"
  | "RESPONSE_INVALID"
  | "MANIFEST_INVALID"
  | "SIZE_MISMATCH"
  | "CREDENTIALS_FAILED"
  | "MODEL_NOT_FOUND";

/** What went wrong between a registry and the store. Messages never hold tokens, passwords or signed URLs. */
export class RegistryError extends CodedError<RegistryErrorCode> {
  static {
    brand.mark(RegistryError);
  }
  static is(value: unknown): value is RegistryError {
    return brand.has(value);
  }
}
