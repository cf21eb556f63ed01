import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import type { ChatRequest } from "@puna/sdk";

/**
 * What the AI SDK has no setting for. Given with the model for all its calls, or as `providerOptions.puna` of one
 * call, which wins; `options` of both are merged.
 */
export interface PunaModelSettings {
  /** Thinking: on, off or an effort. Wins over the AI SDK's `reasoning`. */
  readonly think?: NonNullable<ChatRequest["think"]>;
  /** How long the model stays in memory: `"5m"`, seconds, -1 = forever, 0 = not at all. */
  readonly keepAlive?: NonNullable<ChatRequest["keep_alive"]>;
  /** `num_ctx`, `min_p`, `repeat_penalty`, … by the names they have in a Modelfile. */
  readonly options?: NonNullable<ChatRequest["options"]>;
  /** Whether old messages may be left out to fit the context; true by default. */
  readonly truncate?: boolean;
  /** Whether the context may be shifted when it is full in the middle of an answer; true by default. */
  readonly shift?: boolean;
}

const known: Readonly<Record<keyof PunaModelSettings, true>> = {
  think: true,
  keepAlive: true,
  options: true,
  truncate: true,
  shift: true,
};

export interface MergedSettings {
  readonly settings: PunaModelSettings;
  /** Names in `providerOptions.puna` that mean nothing here. */
  readonly unknownNames: readonly string[];
}

export function mergeSettings(
  ofModel: PunaModelSettings,
  providerOptions: LanguageModelV4CallOptions["providerOptions"],
): MergedSettings {
  const given = providerOptions?.["puna"] ?? {};
  // JSON of the caller: whether its values fit is for the server to say, as for every client.
  const ofCall = given as PunaModelSettings;
  return {
    settings: { ...ofModel, ...ofCall, options: { ...ofModel.options, ...ofCall.options } },
    unknownNames: Object.keys(given).filter((name) => !(name in known)),
  };
}
