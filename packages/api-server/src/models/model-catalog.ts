import type { Store, StoredManifest } from "@puna/blob-store";
import { type Gguf, readGguf } from "@puna/model-format/gguf";
import type { Capability } from "@puna/protocol";
import { BoundedCache } from "./bounded-cache.ts";
import { choosePrompt, type PromptSettings } from "./choose-prompt.ts";
import { fileSource } from "./file-source.ts";
import type { ModelPrompt } from "./model-prompt.ts";
import { readStoredModel, type StoredModel } from "./stored-model.ts";

/** A stored model, understood: what it can do and how it is spoken to. */
export interface KnownModel {
  readonly model: StoredModel;
  /** Undefined for models that are not one GGUF file. */
  readonly gguf: Gguf | undefined;
  readonly capabilities: readonly Capability[];
  readonly prompt: ModelPrompt;
  /** What `show` calls the template. */
  readonly shownTemplate: string;
}

/** What lists show of a model; small enough to remember for all of them. */
export interface ModelFacts {
  readonly model: StoredModel;
  readonly capabilities: readonly Capability[];
  readonly contextLength: number | undefined;
  readonly embeddingLength: number | undefined;
}

const maxKnown = 64;
const maxFacts = 8192;

/** Reads models from the store once and remembers them by the digest of their manifest, which names all their content. */
export class ModelCatalog {
  readonly #store: Store;
  readonly #settings: PromptSettings;
  readonly #known = new BoundedCache<KnownModel>(maxKnown);
  readonly #facts = new BoundedCache<ModelFacts>(maxFacts);

  constructor(store: Store, settings: PromptSettings) {
    this.#store = store;
    this.#settings = settings;
  }

  /** @throws ApiError `DEFECTIVE_MODEL`; StoreError `BLOB_NOT_FOUND`; GgufError; PromptError `TEMPLATE_INVALID` */
  know(stored: StoredManifest): Promise<KnownModel> {
    return this.#known.get(stored.digest, () => this.#read(stored)).then((known) => withName(known, stored));
  }

  facts(stored: StoredManifest): Promise<ModelFacts> {
    return this.#facts
      .get(stored.digest, async () => {
        const { model, gguf, capabilities } = await this.know(stored);
        const length = (suffix: string) => {
          const value = gguf?.metadata.architectureEntry(suffix)?.value;
          return typeof value === "number" ? value : undefined;
        };
        return {
          model,
          capabilities,
          contextLength: model.config.context_length ?? length("context_length"),
          embeddingLength: model.config.embedding_length ?? length("embedding_length"),
        };
      })
      .then((facts) => ({ ...facts, model: { ...facts.model, stored } }));
  }

  async #read(stored: StoredManifest): Promise<KnownModel> {
    const model = await readStoredModel(this.#store, stored);
    const gguf =
      model.modelPath === undefined ? undefined : await readGguf(await fileSource(model.modelPath));
    return { model, gguf, ...choosePrompt(model, gguf, this.#settings) };
  }
}

/** Copies of a model share their content but not their name and date. */
function withName(known: KnownModel, stored: StoredManifest): KnownModel {
  return known.model.stored === stored ? known : { ...known, model: { ...known.model, stored } };
}
