import { checkOptionRanges, type Options, parseOptions } from "@puna/protocol";

/** @source ollama api/types.go DefaultOptions */
const defaults = {
  num_keep: 4,
  seed: -1,
  num_predict: -1,
  top_k: 40,
  top_p: 0.9,
  min_p: 0,
  typical_p: 1,
  repeat_last_n: 64,
  repeat_penalty: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  temperature: 0.8,
} as const satisfies Options;

export type FullOptions = Options & { readonly [Name in keyof typeof defaults]: number };

/**
 * Lays options over each other: defaults, what the model is stored with, what the request says.
 * Unknown names in the request have no effect and are told to `warn`.
 * @throws ProtocolError `INVALID_OPTION`
 */
export function readOptions(
  stored: Readonly<Record<string, unknown>>,
  requested: Readonly<Record<string, unknown>> | undefined,
  warn: (warning: string) => void,
): FullOptions {
  const { options, unknown } = parseOptions(requested ?? {});
  for (const name of unknown) warn(`unknown option "${name}" has no effect`);
  return { ...defaults, ...parseOptions(stored).options, ...options };
}

/**
 * What only generation looks at. Other than Ollama's engine, ours knows -1, the whole context, as Ollama documents it.
 * @throws ProtocolError `OPTION_OUT_OF_RANGE`
 */
export function checkOptions(options: FullOptions): void {
  const { repeat_last_n: last, ...others } = options;
  checkOptionRanges(last === -1 ? others : options);
}
