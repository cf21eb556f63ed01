import { CodedError, errorBrand } from "@puna/protocol/errors";

const brand = errorBrand("ApiError");

/**
 * Why a request was refused, before or while it was served. Each code has one HTTP status (`http/error-status.ts`).
 * `DEFECTIVE_MODEL` is a stored model that cannot be used as it is; everything else speaks for itself.
 */
export type ApiErrorCode =
  | "BAD_REQUEST"
  | "UNAUTHORIZED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "CONFLICT"
  | "TOO_LARGE"
  | "STALLED"
  | "TOO_MANY_REQUESTS"
  | "CANCELED"
  | "NOT_IMPLEMENTED"
  | "BAD_GATEWAY"
  | "UNAVAILABLE"
  | "DEFECTIVE_MODEL"
  | "INTERNAL";

/** A request that cannot be served. Messages equal Ollama's where its clients match on them. */
export class ApiError extends CodedError<ApiErrorCode> {
  static {
    brand.mark(ApiError);
  }
  static is(value: unknown): value is ApiError {
    return brand.has(value);
  }
}

/** The commonest refusal. */
export function badRequest(message: string, cause?: unknown): ApiError {
  return new ApiError("BAD_REQUEST", message, cause === undefined ? {} : { cause });
}

export function notFound(message: string): ApiError {
  return new ApiError("NOT_FOUND", message);
}
