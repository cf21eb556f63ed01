import type { LlamaContext, LlamaEmbeddingContext, LlamaModel, Token } from "node-llama-cpp";
import type { CompletionRequest, RankedDocument, TokenEvent } from "../../engine.ts";
import { EngineError } from "../../errors.ts";
import type { RequestTurn, RunnerFacts, RunnerSpec } from "../../ipc/messages.ts";
import type { DriverModel } from "../../runner-child/driver.ts";
import { generate } from "./generate.ts";
import { PromptSlots } from "./prompt-slots.ts";

interface Parts {
  readonly model: LlamaModel;
  readonly spec: RunnerSpec;
  readonly fallbackReason?: string;
  readonly context?: LlamaContext;
  readonly embedding?: LlamaEmbeddingContext;
}

/** A model loaded through node-llama-cpp, with one sequence per parallel request. */
export class PortableModel implements DriverModel {
  readonly facts: RunnerFacts;
  /** Tokens that were generated or texts that were embedded. */
  steps = 0;
  readonly #parts: Parts;
  readonly #slots: PromptSlots | undefined;

  constructor(parts: Parts) {
    const { model, spec, context, fallbackReason } = parts;
    this.#parts = parts;
    this.#slots = context === undefined ? undefined : new PromptSlots(context, spec.parallel);
    const onGpu = model.llama.gpu !== false && model.gpuLayers > 0;
    this.facts = {
      driver: "llama/portable",
      ...(fallbackReason === undefined ? {} : { fallbackReason }),
      contextTokens: context?.contextSize ?? spec.contextTokens,
      trainedContextTokens: model.trainContextSize,
      parallel: context === undefined ? 1 : spec.parallel,
      sizeBytes: model.size,
      vramBytes: onGpu ? model.size : 0,
      embeddingLength: model.embeddingVectorSize,
    };
  }

  async *complete(
    request: CompletionRequest,
    turn: RequestTurn,
    signal: AbortSignal,
  ): AsyncIterable<TokenEvent> {
    if (this.#slots === undefined) {
      throw new EngineError("UNSUPPORTED", "this model was loaded for embeddings and cannot generate text");
    }
    const { model } = this.#parts;
    const prompt = (
      typeof request.prompt === "string" ? this.tokenize(request.prompt, true) : request.prompt
    ) as Token[]; // Token is a branded number; the ids are checked below.
    this.#check(prompt);
    await using slot = await this.#slots.take(prompt, turn, signal);
    const batchTokens = this.#parts.spec.batchTokens;
    for await (const event of generate({
      model,
      sequence: slot.sequence,
      prompt,
      request,
      signal,
      batchTokens,
    })) {
      this.steps += 1;
      yield event;
    }
  }

  tokenize(text: string, addSpecial: boolean): readonly number[] {
    const { model } = this.#parts;
    const tokens = model.tokenize(text, true);
    if (!addSpecial) return tokens;
    const { bos, eos, shouldPrependBosToken, shouldAppendEosToken } = model.tokens;
    if (shouldPrependBosToken && bos !== null && tokens[0] !== bos) tokens.unshift(bos);
    if (shouldAppendEosToken && eos !== null && tokens.at(-1) !== eos) tokens.push(eos);
    return tokens;
  }

  detokenize(tokens: readonly number[]): string {
    this.#check(tokens);
    return this.#parts.model.detokenize(tokens as Token[], true); // Checked just above.
  }

  async embed(inputs: readonly (readonly number[])[], signal: AbortSignal): Promise<readonly Float32Array[]> {
    const { embedding } = this.#parts;
    if (embedding === undefined) {
      throw new EngineError("UNSUPPORTED", "this model was loaded to generate text and cannot embed");
    }
    const vectors: Float32Array[] = [];
    for (const input of inputs) {
      signal.throwIfAborted();
      this.#check(input);
      const { vector } = await embedding.getEmbeddingFor(input as Token[]); // Checked just above.
      this.steps += 1;
      vectors.push(Float32Array.from(vector));
    }
    return vectors;
  }

  async rank(): Promise<readonly RankedDocument[]> {
    throw new EngineError(
      "UNSUPPORTED",
      "ranking documents is not available with the portable driver; use the native one",
    );
  }

  /** Sequences are not kept on disk: node-llama-cpp's files hold one only with the risk of crashing on another. */
  retire(): void {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.model.dispose();
  }

  /** llama.cpp trusts token ids; out of range they would end the process. */
  #check(tokens: readonly number[]): void {
    const vocabulary = this.#parts.model.fileInfo.metadata.tokenizer.ggml.tokens.length;
    const wrong = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabulary);
    if (wrong !== undefined) {
      throw new EngineError(
        "INVALID_REQUEST",
        `token ${wrong} is not in the vocabulary of ${vocabulary} tokens`,
      );
    }
  }
}
