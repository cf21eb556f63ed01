import { pooling } from "../../embedding-outputs.ts";
import type { RankedDocument } from "../../engine.ts";
import { EngineError } from "../../errors.ts";
import { packTexts } from "../../slots/pack-texts.ts";
import type { LlamaContext } from "./context.ts";
import type { LlamaModel } from "./model.ts";

/** Reads whole texts, many of them in one decode, and gives what the model pooled of each. */
export class Embedder {
  readonly #model: LlamaModel;
  readonly #context: LlamaContext;
  readonly #mostTokens: number;
  /** One decode at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param mostTokens  of one text */
  constructor(model: LlamaModel, context: LlamaContext, mostTokens: number) {
    this.#model = model;
    this.#context = context;
    this.#mostTokens = mostTokens;
  }

  embed(inputs: readonly (readonly number[])[], signal: AbortSignal): Promise<readonly Float32Array[]> {
    if (this.#context.poolingType === pooling.none || this.#context.poolingType === pooling.rank) {
      throw new EngineError("UNSUPPORTED", "this model does not support embeddings");
    }
    return this.#read(inputs, { count: this.#model.embeddingLength, signal });
  }

  async rank(
    query: string,
    documents: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly RankedDocument[]> {
    if (this.#context.poolingType !== pooling.rank) {
      throw new EngineError("UNSUPPORTED", "this model does not rank documents; use a reranking model");
    }
    const inputs = documents.map((document) => this.#pair(query, document));
    const scores = await this.#read(inputs, { count: 1, signal });
    return inputs.map((input, index) => ({ score: scores[index]?.[0] ?? 0, tokens: input.length }));
  }

  /** Query and document as rank heads were trained on them. @source llama-server's format_prompt_rerank */
  #pair(query: string, document: string): readonly number[] {
    const { bos, eos, separator, addsBos, addsEos, addsSeparator } = this.#model;
    const end = eos >= 0 ? eos : separator;
    return [
      ...(addsBos && bos >= 0 ? [bos] : []),
      ...this.#model.tokenize(query, false),
      ...(addsEos && end >= 0 ? [end] : []),
      ...(addsSeparator && separator >= 0 ? [separator] : []),
      ...this.#model.tokenize(document, false),
      ...(addsEos && end >= 0 ? [end] : []),
    ];
  }

  #read(
    inputs: readonly (readonly number[])[],
    options: { readonly count: number; readonly signal: AbortSignal },
  ): Promise<readonly Float32Array[]> {
    const mostTokens = this.#mostTokens;
    for (const input of inputs) {
      if (input.length === 0) throw new EngineError("INVALID_REQUEST", "the text to embed is empty");
      if (input.length > mostTokens) {
        throw new EngineError(
          "PROMPT_TOO_LONG",
          `the text has ${input.length} tokens and the context ${mostTokens}; shorten it or let it be truncated`,
          { details: { promptTokens: input.length, contextTokens: mostTokens } },
        );
      }
    }
    // Before anything is in the batch, where half a text would stay.
    for (const input of inputs) for (const token of input) this.#context.check(token);
    const batches = packTexts(
      inputs.map(({ length }) => length),
      { tokens: mostTokens, texts: this.#context.sequences },
    );
    return this.#readBatches(batches, inputs, options);
  }

  /** Batch by batch: requests that come side by side take turns, and a long one holds up no other. */
  async #readBatches(
    batches: readonly (readonly number[])[],
    inputs: readonly (readonly number[])[],
    { count, signal }: { readonly count: number; readonly signal: AbortSignal },
  ): Promise<readonly Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (const batch of batches) {
      const work = async (): Promise<void> => {
        if (signal.aborted) throw new EngineError("ABORTED", "the request was cancelled");
        await this.#decode(batch.map((index) => inputs[index] ?? []));
        for (const [sequence, index] of batch.entries()) {
          vectors[index] = this.#context.pooled(sequence, count);
        }
      };
      const done = this.#turn.then(work, work);
      this.#turn = done.catch(() => {});
      await done;
    }
    return vectors;
  }

  async #decode(texts: readonly (readonly number[])[]): Promise<void> {
    this.#context.clear();
    if (this.#context.poolsLast) await this.#readBeginnings(texts);
    this.#context.makeEmbeddings(true);
    for (const [sequence, tokens] of texts.entries()) {
      const first = this.#context.poolsLast ? tokens.length - 1 : 0;
      for (let position = first; position < tokens.length; position++)
        this.#context.add(sequence, tokens[position] ?? 0, position, true);
    }
    await this.#run();
  }

  /** All but the last token of each, in as many decodes as it takes: with embeddings, llama.cpp makes logits of every one. */
  async #readBeginnings(texts: readonly (readonly number[])[]): Promise<void> {
    this.#context.makeEmbeddings(false);
    let added = 0;
    for (const [sequence, tokens] of texts.entries()) {
      for (const [position, token] of tokens.slice(0, -1).entries()) {
        if (added === this.#context.batchTokens) {
          await this.#run();
          added = 0;
        }
        this.#context.add(sequence, token, position, false);
        added += 1;
      }
    }
    await this.#run();
  }

  async #run(): Promise<void> {
    const result = await this.#context.decode();
    if (result !== "done") throw new EngineError("INTERNAL", `the texts could not be read (${result})`);
  }
}
