import type { StoredManifest } from "@puna/blob-store";
import { quoteGo, type ThinkValue } from "@puna/protocol";
import { badRequest, notFound } from "../errors.ts";
import type { KnownModel } from "../models/model-catalog.ts";
import type { GenerationSettings } from "./generation-request.ts";

const maxTopLogprobs = 20;

/** @throws ApiError `BAD_REQUEST` */
export function checkTopLogprobs({ topLogprobs = 0 }: GenerationSettings): void {
  if (topLogprobs < 0 || topLogprobs > maxTopLogprobs)
    throw badRequest("top_logprobs must be between 0 and 20");
}

/** @throws ApiError `NOT_FOUND`, echoing the name as it was asked for */
export function requireModel(stored: StoredManifest | undefined, requested: string): StoredManifest {
  if (stored === undefined) throw notFound(`model '${requested}' not found`);
  return stored;
}

/**
 * Decides whether the model thinks: unless the request says otherwise, one that can, does.
 * @throws ApiError `BAD_REQUEST` when thinking is asked of a model that cannot
 */
export function checkThinking(
  known: KnownModel,
  settings: GenerationSettings & { readonly lenientThink?: boolean | undefined },
  warn: (warning: string) => void,
): ThinkValue | undefined {
  const { think, model, lenientThink } = settings;
  if (known.capabilities.includes("thinking")) return think ?? true;
  if (think === undefined || think === false) return think;
  if (lenientThink === true) {
    warn("thinking has no effect: the model cannot think");
    return undefined;
  }
  throw badRequest(`${quoteGo(model)} does not support thinking`);
}
