import type { CompletionRequest, ModelLease } from "@puna/engine";
import type { Gguf } from "@puna/model-format/gguf";
import { badRequest } from "../errors.ts";
import { maxTokens, toSampling } from "./engine-request.ts";
import { fitPrompt } from "./fit-prompt.ts";
import type { GenerationSettings } from "./generation-request.ts";
import { checkOptions, type FullOptions } from "./read-options.ts";

export interface CompletionOptions {
  readonly prompt: string;
  readonly options: FullOptions;
  readonly grammar: string | undefined;
  readonly settings: GenerationSettings;
  readonly gguf: Gguf | undefined;
  readonly preservedTokens: readonly string[];
  /** What the renderer wrote for BOS. */
  readonly leadingBos: string;
}

/**
 * Puts one completion together, with a prompt that leaves room to answer.
 * @throws ApiError `BAD_REQUEST` when the prompt is too long and must not be cut; ProtocolError `OPTION_OUT_OF_RANGE`
 */
export async function buildCompletion(
  lease: ModelLease,
  build: CompletionOptions,
): Promise<CompletionRequest> {
  const { options, grammar, settings, gguf, preservedTokens } = build;
  checkOptions(options);
  const { contextTokens } = lease.info;
  const shift = settings.shift ?? shiftsByDefault(gguf);
  const text = await withoutLeadingBos(lease, build);
  // A token is at least one byte long, so a short prompt fits without being counted.
  const mayBeLong = settings.truncate !== false && text.length * 4 >= contextTokens;
  const tokens = mayBeLong ? await lease.tokenize(text, { addSpecial: true }) : [];
  const cut = fitPrompt(tokens, {
    contextTokens,
    keepTokens: options.num_keep,
    addsBos: addsBos(gguf),
    shift,
  });
  const limit = maxTokens(options.num_predict, contextTokens);
  return {
    prompt: cut ?? text,
    sampling: toSampling(options),
    keepTokens: options.num_keep,
    contextShift: shift,
    ...(options.stop !== undefined && options.stop.length > 0 && { stop: options.stop }),
    ...(limit !== undefined && { maxTokens: limit }),
    ...(grammar !== undefined && { grammar }),
    ...(settings.logprobs === true && { logprobs: settings.topLogprobs ?? 0 }),
    ...(options.post_sampling_probs === true && { logprobsStage: "after-samplers" }),
    ...(preservedTokens.length > 0 && { preservedTokens }),
  };
}

/** DeepSeek 2's compressed cache cannot be shifted. @source ollama llm/server.go */
function shiftsByDefault(gguf: Gguf | undefined): boolean {
  return gguf?.metadata.architecture !== "deepseek2";
}

function addsBos(gguf: Gguf | undefined): boolean {
  const value = gguf?.metadata.entry("tokenizer.ggml.add_bos_token")?.value;
  return typeof value === "boolean" ? value : gguf?.metadata.entry("tokenizer.ggml.model")?.value === "llama";
}

/** Tokenizers that add BOS whatever their settings say. @source ollama server/prompt.go */
const alwaysAddBos: readonly unknown[] = ["lfm2", "gemma4"];

/** A renderer or template may write the BOS that the tokenizer adds anyway; twice would confuse the model. */
async function withoutLeadingBos(
  lease: ModelLease,
  { prompt, gguf, leadingBos }: CompletionOptions,
): Promise<string> {
  const pre = gguf?.metadata.entry("tokenizer.ggml.pre")?.value;
  if (!addsBos(gguf) && !alwaysAddBos.includes(pre)) return prompt;
  if (leadingBos !== "" && prompt.startsWith(leadingBos)) return prompt.slice(leadingBos.length);
  const id = gguf?.metadata.entry("tokenizer.ggml.bos_token_id")?.value;
  const mayBegin = prompt.startsWith("<") || prompt.startsWith("[");
  if (!mayBegin || typeof id !== "number") return prompt;
  const bos = await lease.detokenize([id]);
  return bos !== "" && prompt.startsWith(bos) ? prompt.slice(bos.length) : prompt;
}

/** Token ids that cannot be: refused before the engine sees them. @throws ApiError `BAD_REQUEST` */
export function checkTokens(tokens: readonly number[]): void {
  if (tokens.some((token) => !Number.isInteger(token) || token < 0))
    throw badRequest("token ids must be non-negative integers");
}
