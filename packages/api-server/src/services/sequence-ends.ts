import type { Gguf } from "@puna/model-format/gguf";
import { badRequest } from "../errors.ts";

/** The tokens a model's tokenizer puts around every text. */
export interface SequenceEnds {
  readonly bos: number | undefined;
  readonly eos: number | undefined;
}

export function endsOf(gguf: Gguf | undefined): SequenceEnds {
  const id = (flag: string, key: string) => {
    const added = gguf?.metadata.entry(`tokenizer.ggml.${flag}`)?.value ?? true;
    const value = gguf?.metadata.entry(`tokenizer.ggml.${key}`)?.value;
    return added === true && typeof value === "number" ? value : undefined;
  };
  return { bos: id("add_bos_token", "bos_token_id"), eos: id("add_eos_token", "eos_token_id") };
}

/**
 * Cuts a sequence to the limit and keeps its end token.
 * @throws ApiError `BAD_REQUEST` when nothing but the ends would be left
 */
export function withEnds(
  tokens: readonly number[],
  { bos, eos }: SequenceEnds,
  limit: number,
): readonly number[] {
  const begins = bos !== undefined && tokens[0] === bos ? [bos] : [];
  const ends = eos !== undefined && tokens.at(-1) === eos ? [eos] : [];
  const room = limit - begins.length - ends.length;
  if (room <= 0) throw badRequest("input after truncation exceeds maximum context length");
  return [...begins, ...tokens.slice(begins.length, begins.length + room), ...ends];
}
