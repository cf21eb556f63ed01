import { type Descriptor, mediaTypes, type Store } from "@puna/blob-store";

/** A layer, and how it came to be: what `create` tells about it. */
interface ReportedLayer {
  readonly layer: Descriptor;
  readonly isNew: boolean;
}

/** The layers of a model that is being made, in order. */
export class ModelLayers {
  readonly #store: Store;
  #layers: ReportedLayer[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  /** Adds a blob that is there. @param isNew  whether it came with this request */
  add(layer: Descriptor, isNew: boolean): void {
    this.#layers.push({ layer, isNew });
  }

  /** Puts other weights in the place of the model's. */
  replaceModel(layer: Descriptor): void {
    this.#layers = this.#layers.map((entry) =>
      entry.layer.mediaType === layer.mediaType ? { layer, isNew: true } : entry,
    );
  }

  /** Adds a text; licenses add up, every other type is replaced. */
  async addText(mediaType: string, text: string): Promise<void> {
    if (mediaType !== mediaTypes.license) this.#remove(mediaType);
    if (mediaType === mediaTypes.template) this.#remove(mediaTypes.prompt);
    await this.#put(mediaType, Buffer.from(text));
  }

  /** Replaces the layer of that type with a JSON value. */
  async setJson(mediaType: string, value: unknown): Promise<void> {
    this.#remove(mediaType);
    const known = new Set((await this.#store.blobs.list()).map(({ digest }) => digest));
    const blob = await this.#store.blobs.putJson(value);
    this.add({ mediaType, ...blob }, !known.has(blob.digest));
  }

  has(mediaType: string): boolean {
    return this.#layers.some(({ layer }) => layer.mediaType === mediaType);
  }

  descriptors(): Descriptor[] {
    return this.#layers.map(({ layer }) => layer);
  }

  /** One line for each layer. */
  statuses(): string[] {
    return this.#layers.map(({ layer, isNew }) =>
      isNew ? `creating new layer ${layer.digest}` : `using existing layer ${layer.digest}`,
    );
  }

  async #put(mediaType: string, bytes: Uint8Array): Promise<void> {
    const known = new Set((await this.#store.blobs.list()).map(({ digest }) => digest));
    const blob = await this.#store.blobs.putBytes(bytes);
    this.add({ mediaType, ...blob }, !known.has(blob.digest));
  }

  #remove(mediaType: string): void {
    this.#layers = this.#layers.filter(({ layer }) => layer.mediaType !== mediaType);
  }
}
