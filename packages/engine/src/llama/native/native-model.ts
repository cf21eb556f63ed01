import type { CompletionRequest, RankedDocument, TokenEvent } from "../../engine.ts";
import { EngineError } from "../../errors.ts";
import type { RequestTurn, RunnerFacts, RunnerSpec } from "../../ipc/messages.ts";
import type { DriverModel } from "../../runner-child/driver.ts";
import { SlotScheduler } from "../../slots/slot-scheduler.ts";
import type { LlamaContext } from "./context.ts";
import { Embedder } from "./embedder.ts";
import type { LlamaModel } from "./model.ts";

/** A model with its context: slots for text, or an embedder. */
export class NativeModel implements DriverModel {
  readonly facts: RunnerFacts;
  readonly #model: LlamaModel;
  readonly #context: LlamaContext;
  readonly #slots: SlotScheduler | undefined;
  readonly #embedder: Embedder | undefined;

  constructor(parts: {
    readonly model: LlamaModel;
    readonly context: LlamaContext;
    readonly spec: RunnerSpec;
    readonly vramBytes: number;
  }) {
    const { model, context, spec, vramBytes } = parts;
    this.#model = model;
    this.#context = context;
    if (spec.embedding) this.#embedder = new Embedder(model, context);
    else this.#slots = new SlotScheduler(context, { cacheBytes: spec.promptCacheBytes });
    this.facts = {
      driver: "llama/native",
      contextTokens: Math.min(spec.contextTokens, context.contextTokens),
      trainedContextTokens: model.trainedContextTokens,
      parallel: spec.embedding ? 1 : context.sequences,
      sizeBytes: model.sizeBytes,
      vramBytes,
      embeddingLength: model.embeddingLength,
    };
  }

  get steps(): number {
    return this.#context.steps;
  }

  complete(request: CompletionRequest, turn: RequestTurn, signal: AbortSignal): AsyncIterable<TokenEvent> {
    if (this.#slots === undefined) {
      throw new EngineError("UNSUPPORTED", "this model was loaded for embeddings and cannot generate text");
    }
    return this.#slots.complete(request, turn, signal);
  }

  tokenize(text: string, addSpecial: boolean): readonly number[] {
    return this.#model.tokenize(text, addSpecial);
  }

  detokenize(tokens: readonly number[]): string {
    return this.#model.detokenize(tokens);
  }

  async embed(inputs: readonly (readonly number[])[], signal: AbortSignal): Promise<readonly Float32Array[]> {
    return this.#needEmbedder().embed(inputs, signal);
  }

  async rank(
    query: string,
    documents: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly RankedDocument[]> {
    return this.#needEmbedder().rank(query, documents, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#context.free();
    this.#model.free();
  }

  #needEmbedder(): Embedder {
    if (this.#embedder === undefined) {
      throw new EngineError("UNSUPPORTED", "this model was loaded to generate text and cannot embed");
    }
    return this.#embedder;
  }
}
