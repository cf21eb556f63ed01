import { ApiError, badRequest } from "../errors.ts";
import type { KnownModel } from "../models/model-catalog.ts";

/** @throws ApiError when there are pictures or sounds: `BAD_REQUEST` for a model without senses, `NOT_IMPLEMENTED` for an engine without */
export function refuseImages(known: KnownModel, count: number): void {
  if (count === 0) return;
  if (known.capabilities.includes("vision") || known.capabilities.includes("audio")) {
    throw new ApiError(
      "NOT_IMPLEMENTED",
      "this engine cannot see or hear yet; send the request without images and audio",
    );
  }
  throw badRequest("Multimodal data provided, but model does not support multimodal requests.");
}
