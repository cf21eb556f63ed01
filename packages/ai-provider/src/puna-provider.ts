import { NoSuchModelError, type ProviderV4 } from "@ai-sdk/provider";
import { Puna, type PunaOptions } from "@puna/sdk";
import { PunaChatModel } from "./chat-model.ts";
import { PunaEmbeddingModel } from "./embedding-model.ts";
import type { PunaModelSettings } from "./model-settings.ts";

/** Called with a model's name, it gives the model for text. */
export interface PunaProvider extends ProviderV4 {
  (modelId: string, settings?: PunaModelSettings): PunaChatModel;
  /** For `generateText`, `streamText` and objects; the server is asked only when the model is used. */
  languageModel(modelId: string, settings?: PunaModelSettings): PunaChatModel;
  /** For `embed` and `embedMany`: 128 texts a request, vectors of length 1. */
  embeddingModel(modelId: string, settings?: PunaModelSettings): PunaEmbeddingModel;
  /** @throws NoSuchModelError always: these servers make no pictures */
  imageModel(modelId: string): never;
}

/** Those of the client (`host`, `fetch`, `headers`, `keepAlive`, `timeoutMs`, …), or a client. */
export interface PunaProviderOptions extends PunaOptions {
  /** A client you have already; the other options are then not used. */
  readonly client?: Puna;
}

/**
 * A provider for the AI SDK.
 * @param options  `host` of the server, or `fetch` of a server in this process; the same as for the client
 */
export function createPunaProvider(options: PunaProviderOptions = {}): PunaProvider {
  const client = options.client ?? new Puna(options);
  const languageModel = (modelId: string, settings: PunaModelSettings = {}) =>
    new PunaChatModel(client, modelId, settings);
  return Object.assign((modelId: string, settings?: PunaModelSettings) => languageModel(modelId, settings), {
    specificationVersion: "v4" as const,
    languageModel,
    embeddingModel: (modelId: string, settings: PunaModelSettings = {}) =>
      new PunaEmbeddingModel(client, modelId, settings),
    imageModel: (modelId: string): never => {
      throw new NoSuchModelError({ modelId, modelType: "imageModel" });
    },
  });
}
