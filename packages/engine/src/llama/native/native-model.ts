import type { CompletionRequest, RankedDocument, TokenEvent } from "../../engine.ts";
import { EngineError } from "../../errors.ts";
import type { RequestTurn, RunnerFacts, RunnerSpec } from "../../ipc/messages.ts";
import type { DriverModel } from "../../runner-child/driver.ts";
import { SlotScheduler } from "../../slots/slot-scheduler.ts";
import { DiskStates } from "../../states/disk-states.ts";
import { stateIdentity } from "../../states/state-identity.ts";
import { checkGrammar } from "../check-grammar.ts";
import type { LlamaContext } from "./context.ts";
import { Embedder } from "./embedder.ts";
import type { LlamaModel } from "./model.ts";

interface Parts {
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly spec: RunnerSpec;
  readonly vramBytes: number;
}

/** A model with its context: slots for text, or an embedder. */
export class NativeModel implements DriverModel {
  readonly facts: RunnerFacts;
  readonly #model: LlamaModel;
  readonly #context: LlamaContext;
  readonly #slots: SlotScheduler | undefined;
  readonly #embedder: Embedder | undefined;

  constructor(parts: Parts) {
    const { model, context, spec, vramBytes } = parts;
    this.#model = model;
    this.#context = context;
    const contextTokens = Math.min(spec.contextTokens, context.contextTokens);
    if (spec.embedding) this.#embedder = new Embedder(model, context, contextTokens);
    else this.#slots = new SlotScheduler(context, { cacheBytes: spec.promptCacheBytes, ...storeOf(parts) });
    this.facts = {
      driver: "llama/native",
      contextTokens,
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
    if (request.grammar !== undefined) checkGrammar(request.grammar);
    return this.#slots.complete(request, turn, signal);
  }

  retire(): void {
    this.#slots?.retire();
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

function storeOf({ spec, model, context }: Parts): { readonly store?: DiskStates } {
  if (spec.savedStates === undefined) return {};
  // Such models turn positions by factors that they choose by the length of the context.
  const architecture = model.metadata("general.architecture") ?? "";
  const isLongRope = model.metadata(`${architecture}.rope.scaling.original_context_length`) !== undefined;
  const store = new DiskStates({
    ...spec.savedStates,
    identity: stateIdentity(spec, [
      model.library.version,
      ...(isLongRope ? [String(spec.contextTokens)] : []),
    ]),
    vocabularySize: model.vocabularySize,
    contextTokens: context.contextTokens,
    now: Date.now,
  });
  return { store };
}
