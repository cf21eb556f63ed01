import type { Store, StoredManifest } from "@puna/blob-store";
import { type Gguf, readGguf } from "@puna/model-format/gguf";
import type { Capability } from "@puna/protocol";
import { BoundedCache } from "./bounded-cache.ts";
import { choosePrompt, type PromptSettings } from "./choose-prompt.ts";
import { FactsFile, type ModelFacts } from "./facts-file.ts";
import { fileSource } from "./file-source.ts";
import { toDetails } from "./model-details.ts";
import type { ModelPrompt } from "./model-prompt.ts";
import { readSequenceTokens } from "./sequence-tokens.ts";
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

const maxKnown = 64;

/** Reads models from the store once and remembers them by the digest of their manifest, which names all their content. */
export class ModelCatalog {
  readonly #store: Store;
  readonly #settings: PromptSettings;
  readonly #known = new BoundedCache<KnownModel>(maxKnown);
  readonly #facts: FactsFile;

  /** @param version  of this program: another one may see other capabilities in the same files */
  constructor(store: Store, settings: PromptSettings & { readonly version: string }) {
    this.#store = store;
    this.#settings = settings;
    this.#facts = new FactsFile(store.layout.modelFactsFile, `${settings.version} ${settings.goTemplates}`);
  }

  /** @throws ApiError `DEFECTIVE_MODEL`; StoreError `BLOB_NOT_FOUND`; GgufError; PromptError `TEMPLATE_INVALID` */
  know(stored: StoredManifest): Promise<KnownModel> {
    return this.#known.get(stored.digest, () => this.#read(stored)).then((known) => withName(known, stored));
  }

  /** What lists show. Found out once; `keepFacts` keeps it for the next start. */
  async facts(stored: StoredManifest): Promise<ModelFacts> {
    const kept = await this.#facts.get(stored.digest);
    if (kept !== undefined) return kept;
    const { model, gguf, capabilities } = await this.#knowOrGuess(stored);
    const { config } = model;
    const length = (suffix: string) => {
      const value = gguf?.metadata.architectureEntry(suffix)?.value;
      return typeof value === "number" ? value : undefined;
    };
    const contextLength = config.context_length ?? length("context_length");
    const embeddingLength = config.embedding_length ?? length("embedding_length");
    const facts: ModelFacts = {
      ...(config.remote_model !== undefined && { remoteModel: config.remote_model }),
      ...(config.remote_host !== undefined && { remoteHost: config.remote_host }),
      details: toDetails(model, { withParent: true }),
      capabilities: [...capabilities],
      ...(contextLength !== undefined && { contextLength }),
      ...(embeddingLength !== undefined && { embeddingLength }),
    };
    // Weights that cannot be read now may be mended.
    if (model.modelPath === undefined || gguf !== undefined) await this.#facts.set(stored.digest, facts);
    return facts;
  }

  /** A model whose weights cannot be read is listed too, with what its other layers say, as Ollama does. */
  async #knowOrGuess(stored: StoredManifest): Promise<Omit<KnownModel, "prompt" | "shownTemplate">> {
    try {
      return await this.know(stored);
    } catch {
      // Where another layer is at fault, this fails again, with the same reason.
      const model = await readStoredModel(this.#store, stored);
      return { model, gguf: undefined, ...choosePrompt(model, undefined, this.#settings) };
    }
  }

  keepFacts(): Promise<void> {
    return this.#facts.save();
  }

  async #read(stored: StoredManifest): Promise<KnownModel> {
    const model = await readStoredModel(this.#store, stored);
    const gguf =
      model.modelPath === undefined ? undefined : await readGguf(await fileSource(model.modelPath));
    const tokens = gguf === undefined ? undefined : await readSequenceTokens(gguf);
    return { model, gguf, ...choosePrompt(model, gguf, this.#settings, tokens) };
  }
}

/** Copies of a model share their content but not their name and date. */
function withName(known: KnownModel, stored: StoredManifest): KnownModel {
  return known.model.stored === stored ? known : { ...known, model: { ...known.model, stored } };
}
