import type { ModelLease } from "@puna/engine";
import { type Conversation, fitToContext } from "@puna/model-format";
import type { KnownModel } from "../models/model-catalog.ts";
import type { FullOptions } from "./read-options.ts";

/** What an image costs in tokens, whatever its size. @source ollama server/prompt.go */
const tokensPerImage = 768;

export interface FitMessagesOptions {
  readonly known: KnownModel;
  readonly lease: ModelLease;
  readonly options: FullOptions;
  readonly conversation: Conversation;
  render(kept: Conversation): string;
  readonly signal: AbortSignal;
}

/** Renders as many of the newest messages as the context holds. */
export function fitMessages({ known, lease, options, conversation, render, signal }: FitMessagesOptions) {
  return fitToContext({
    conversation,
    limitTokens: contextOf(lease, options),
    imageTokens: known.model.projectorPaths.length > 0 ? tokensPerImage : 0,
    render,
    countTokens: async (text) => (await lease.tokenize(text, { addSpecial: true })).length,
    signal,
  });
}

function contextOf({ info: { contextTokens } }: ModelLease, options: FullOptions): number {
  return options.num_ctx === undefined
    ? contextTokens
    : Math.min(contextTokens, Math.max(options.num_ctx, 1));
}
