import type { ModelLease } from "@puna/engine";
import { parseModelReference, quoteGo } from "@puna/protocol";
import { parseEmbedInput } from "@puna/protocol/schemas";
import type { Dependencies } from "../dependencies.ts";
import { ApiError, badRequest, notFound } from "../errors.ts";
import { cloudDisabled, findModel } from "../models/find-model.ts";
import type { KnownModel } from "../models/model-catalog.ts";
import type { RequestScope } from "./generation-request.ts";
import { leaseModel, requireHere } from "./lease-model.ts";
import { normalize } from "./normalize.ts";
import { type FullOptions, readOptions } from "./read-options.ts";
import { endsOf, type SequenceEnds, withEnds } from "./sequence-ends.ts";

export interface EmbedSettings {
  readonly model: string;
  /** A string, strings, or token arrays; anything else is refused. */
  readonly input: unknown;
  /** `false`: refuse what is too long. */
  readonly truncate?: boolean | undefined;
  readonly dimensions?: number | undefined;
  readonly keepAliveMs?: number | undefined;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** Token arrays are an input too; Ollama's own route refuses them. */
  readonly allowTokens?: boolean;
}

export interface Embeddings {
  /** One normalised vector for each input. */
  readonly vectors: readonly (readonly number[])[];
  readonly promptTokens: number;
  readonly totalMs: number;
  readonly loadMs: number;
}

type Input = string | readonly number[];

/**
 * Embeds texts. Nothing to embed only loads the model.
 * @throws ApiError, ProtocolError, EngineError
 * @source ollama server/routes.go EmbedHandler
 */
export async function embed(
  dependencies: Dependencies,
  settings: EmbedSettings,
  scope: RequestScope,
): Promise<Embeddings> {
  const inputs = readInputs(settings);
  const known = await findEmbedder(dependencies, settings.model);
  await using lease = await leaseEmbedder(dependencies, known, settings, scope);
  const loadedAtMs = dependencies.now();
  const options = readOptions(known.model.parameters, settings.options, () => {});
  const sequences = await Promise.all(
    inputs.map((input) => toSequence(lease, known, options, input, settings.truncate ?? true)),
  );
  const vectors = sequences.length === 0 ? [] : await lease.embed(sequences, scope.signal);
  return {
    vectors: vectors.map((vector) => shorten(normalize(vector), settings.dimensions ?? 0)),
    promptTokens: sequences.reduce((sum, tokens) => sum + tokens.length, 0),
    totalMs: dependencies.now() - scope.arrivedAtMs,
    loadMs: loadedAtMs - scope.arrivedAtMs,
  };
}

/** One text, as the engine embeds it: not normalised. An empty text only loads the model. */
export async function embedRaw(
  dependencies: Dependencies,
  settings: Omit<EmbedSettings, "input"> & { readonly prompt: string },
  scope: RequestScope,
): Promise<readonly number[]> {
  // The old route looks names up in their own case only.
  const { name, source } = parseModelReference(settings.model);
  if (source === "cloud") throw cloudDisabled("remote model is unavailable");
  if ((await dependencies.store.manifests.read(name)) === undefined) throw missing(settings.model);
  const known = await findEmbedder(dependencies, settings.model);
  await using lease = await leaseEmbedder(dependencies, known, settings, scope);
  if (settings.prompt === "") return [];
  const options = readOptions(known.model.parameters, settings.options, () => {});
  const tokens = await toSequence(lease, known, options, settings.prompt, false);
  const [vector] = await lease.embed([tokens], scope.signal);
  return [...(vector ?? [])];
}

async function findEmbedder({ store, catalog }: Dependencies, model: string): Promise<KnownModel> {
  if (model.trim() === "") throw notFound(`model '${model}' not found`);
  const { stored } = await findModel(store, model);
  if (stored === undefined) throw missing(model);
  return requireHere(await catalog.know(stored));
}

async function leaseEmbedder(
  dependencies: Dependencies,
  known: KnownModel,
  settings: Pick<EmbedSettings, "options" | "keepAliveMs">,
  scope: RequestScope,
): Promise<ModelLease> {
  const options = readOptions(known.model.parameters, settings.options, scope.warn);
  const embedding = known.capabilities.includes("embedding");
  const { keepAliveMs } = settings;
  return leaseModel(dependencies, known, { keepAliveMs, options, scope, embedding, priority: "batch" });
}

function readInputs({ input, allowTokens = false }: EmbedSettings): readonly Input[] {
  if (allowTokens && Array.isArray(input) && input.length > 0) {
    if (input.every(isToken)) return [input];
    if (input.every(isTokenList)) return input;
  }
  const texts = parseEmbedInput(input);
  if (texts === undefined) throw badRequest("invalid input type");
  return texts;
}

function isTokenList(item: unknown): item is readonly number[] {
  return Array.isArray(item) && item.length > 0 && item.every(isToken);
}

function isToken(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Tokens with the model's own beginning and end, no longer than it can read. */
async function toSequence(
  lease: ModelLease,
  known: KnownModel,
  options: FullOptions,
  input: Input,
  truncate: boolean,
): Promise<readonly number[]> {
  const { gguf, capabilities } = known;
  if (!capabilities.includes("embedding")) {
    throw new ApiError(
      "NOT_IMPLEMENTED",
      "This server does not support embeddings. Start it with `--embeddings`",
    );
  }
  const tokens = typeof input === "string" ? await lease.tokenize(input, { addSpecial: true }) : input;
  const { num_ctx: wanted = lease.info.contextTokens } = options;
  const trained = lease.info.trainedContextTokens;
  const limit = wanted > 0 ? Math.min(wanted, trained) : trained;
  if (tokens.length <= limit) return tokens;
  if (!truncate) throw badRequest("the input length exceeds the context length");
  const ends: SequenceEnds = endsOf(gguf);
  return withEnds(tokens, ends, limit);
}

function shorten(vector: readonly number[], dimensions: number): readonly number[] {
  return dimensions > 0 && dimensions < vector.length ? normalize(vector.slice(0, dimensions)) : vector;
}

function missing(model: string): ApiError {
  return notFound(`model ${quoteGo(model)} not found, try pulling it first`);
}
