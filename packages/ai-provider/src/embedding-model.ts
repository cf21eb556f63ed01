import type {
  EmbeddingModelV4,
  EmbeddingModelV4CallOptions,
  EmbeddingModelV4Result,
  SharedV4Warning,
} from "@ai-sdk/provider";
import type { Puna } from "@puna/sdk";
import { mergeSettings, type PunaModelSettings } from "./model-settings.ts";
import { toApiCallError } from "./to-api-call-error.ts";

const path = "/api/embed";

/** A model behind `/api/embed`, as the AI SDK sees one. */
export class PunaEmbeddingModel implements EmbeddingModelV4 {
  readonly specificationVersion = "v4";
  readonly provider = "puna.embedding";
  readonly modelId: string;
  /** The server takes any number; this keeps one request short enough to be aborted or retried sensibly. */
  readonly maxEmbeddingsPerCall = 128;
  readonly supportsParallelCalls = true;
  readonly #client: Puna;
  readonly #settings: PunaModelSettings;

  constructor(client: Puna, modelId: string, settings: PunaModelSettings) {
    this.#client = client;
    this.modelId = modelId;
    this.#settings = settings;
  }

  async doEmbed(call: EmbeddingModelV4CallOptions): Promise<EmbeddingModelV4Result> {
    const { settings, unknownNames } = mergeSettings(this.#settings, call.providerOptions);
    const { keepAlive, truncate, options, think, shift } = settings;
    const unused = Object.entries({ think, shift }).flatMap(([name, value]) =>
      value === undefined ? [] : [name],
    );
    const warnings = [...unknownNames, ...unused].map(
      (name): SharedV4Warning => ({ type: "unsupported", feature: `providerOptions.puna.${name}` }),
    );
    const request = {
      model: this.modelId,
      input: call.values,
      ...(options !== undefined && { options }),
      ...(call.dimensions !== undefined && { dimensions: call.dimensions }),
      ...(keepAlive !== undefined && { keep_alive: keepAlive }),
      ...(truncate !== undefined && { truncate }),
    };
    try {
      // The AI SDK has retries of its own.
      const answer = await this.#client.embed(request, {
        signal: call.abortSignal,
        headers: call.headers,
        retries: 0,
      });
      return {
        embeddings: answer.embeddings,
        usage: { tokens: answer.prompt_eval_count ?? 0 },
        warnings,
      };
    } catch (error) {
      throw toApiCallError(error, path, request);
    }
  }
}
