import type { KeepAlive } from "@puna/protocol";
import { AgentRun } from "./agent/agent-run.ts";
import { type AgentRequest, runAgent } from "./agent/run-agent.ts";
import { encodeBase64 } from "./base64.ts";
import { Blobs } from "./blobs.ts";
import { PunaError } from "./errors.ts";
import { mapConcurrently } from "./map-concurrently.ts";
import { type WithParsedAtEnd, withParsedAtEnd } from "./parsed-at-end.ts";
import type { AbortableAsyncIterator } from "./stream.ts";
import { type FormatInput, toWireFormat, type WithParsed, withParsed } from "./structured-output.ts";
import { type CallOptions, Transport, type TransportOptions } from "./transport.ts";
import type {
  ChatRequest,
  ChatResponse,
  CopyRequest,
  CreateRequest,
  DeleteRequest,
  DevicesResponse,
  EmbeddingsRequest,
  EmbeddingsResponse,
  EmbedRequest,
  EmbedResponse,
  GenerateRequest,
  GenerateResponse,
  ImageInput,
  ListResponse,
  ProgressResponse,
  PsResponse,
  PullRequest,
  PushRequest,
  ShowRequest,
  ShowResponse,
  StatusResponse,
  SystemOneRequest,
  SystemOneResponse,
  VersionResponse,
  WebFetchRequest,
  WebFetchResponse,
  WebSearchRequest,
  WebSearchResponse,
} from "./types.ts";

/** Where the server is, how it is reached, and limits of all calls. */
export interface PunaOptions extends TransportOptions {
  /** Sent as `keep_alive` of every request that loads a model and gives none itself. */
  readonly keepAlive?: KeepAlive | undefined;
}

type Streamed = { readonly stream: true };
type Whole = { readonly stream?: false };

/**
 * Client of a puna or Ollama server. Method names and shapes are those of the npm package `ollama`.
 * Every method takes a second argument with limits of this one call.
 * @throws PunaError from every method; the signal's reason after an abort
 */
export class Puna implements AsyncDisposable {
  readonly blobs: Blobs;
  protected readonly transport: Transport;
  readonly #keepAlive: { readonly keep_alive?: KeepAlive };

  constructor(options: PunaOptions = {}) {
    this.transport = new Transport(options);
    this.blobs = new Blobs(this.transport);
    this.#keepAlive = options.keepAlive === undefined ? {} : { keep_alive: options.keepAlive };
  }

  /** Ends every streamed answer of this client; the loops that read them fail with an `AbortError`. */
  abort(): void {
    this.transport.abortStreams();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abort();
  }

  /** Continues a conversation. With a schema as `format`, the answer has the value as `parsed`, a stream as `parsed()`. */
  async chat<const F extends FormatInput = undefined>(
    request: ChatRequest<F> & Streamed,
    options?: CallOptions,
  ): Promise<AbortableAsyncIterator<ChatResponse> & WithParsedAtEnd<F>>;
  async chat<const F extends FormatInput = undefined>(
    request: ChatRequest<F> & Whole,
    options?: CallOptions,
  ): Promise<ChatResponse & WithParsed<F>>;
  async chat(request: ChatRequest, options?: CallOptions): Promise<object> {
    const messages = await Promise.all(
      (request.messages ?? []).map(async (message) =>
        message.images === undefined
          ? message
          : { ...message, images: await this.#encodeImages(message.images) },
      ),
    );
    const json = {
      ...this.#keepAlive,
      ...request,
      ...formatOf(request),
      ...(request.messages && { messages }),
    };
    const answer = await this.#streamable<ChatResponse>("/api/chat", json, options);
    return "message" in answer
      ? withParsed(answer, answer.message.content, request.format)
      : withParsedAtEnd(answer, request.format, ({ message }) => message.content);
  }

  /** Continues a text. With a schema as `format`, the answer has the value as `parsed`, a stream as `parsed()`. */
  async generate<const F extends FormatInput = undefined>(
    request: GenerateRequest<F> & Streamed,
    options?: CallOptions,
  ): Promise<AbortableAsyncIterator<GenerateResponse> & WithParsedAtEnd<F>>;
  async generate<const F extends FormatInput = undefined>(
    request: GenerateRequest<F> & Whole,
    options?: CallOptions,
  ): Promise<GenerateResponse & WithParsed<F>>;
  async generate(request: GenerateRequest, options?: CallOptions): Promise<object> {
    const images = request.images && { images: await this.#encodeImages(request.images) };
    const json = { ...this.#keepAlive, ...request, ...formatOf(request), ...images };
    const answer = await this.#streamable<GenerateResponse>("/api/generate", json, options);
    return "response" in answer
      ? withParsed(answer, answer.response, request.format)
      : withParsedAtEnd(answer, request.format, ({ response }) => response);
  }

  /** One vector for each text. */
  async embed(request: EmbedRequest, options?: CallOptions): Promise<EmbedResponse> {
    return this.#post("/api/embed", { ...this.#keepAlive, ...request }, { ...options, isIdempotent: true });
  }

  /** The old form of `embed`, for one text. */
  async embeddings(request: EmbeddingsRequest, options?: CallOptions): Promise<EmbeddingsResponse> {
    return this.#post(
      "/api/embeddings",
      { ...this.#keepAlive, ...request },
      { ...options, isIdempotent: true },
    );
  }

  /**
   * One vector for each of many texts, sent in batches.
   * @param request  `batchSize` texts a request (32 by default), `maxParallel` requests at a time (2 by default)
   */
  async embedMany(
    texts: readonly string[],
    request: Omit<EmbedRequest, "input"> & { readonly batchSize?: number; readonly maxParallel?: number },
    options?: CallOptions,
  ): Promise<number[][]> {
    const { batchSize = 32, maxParallel = 2, ...rest } = request;
    const size = Math.max(1, batchSize);
    const batches = Array.from({ length: Math.ceil(texts.length / size) }, (_, at) =>
      texts.slice(at * size, (at + 1) * size),
    );
    const vectors: number[][][] = [];
    const answers = mapConcurrently(batches, maxParallel, (input) => this.embed({ ...rest, input }, options));
    for await (const { index, value } of answers) {
      const expected = batches[index]?.length;
      if (value.embeddings.length !== expected) {
        throw new PunaError(
          "INVALID_RESPONSE",
          `The server sent ${value.embeddings.length} vectors for ${expected} texts`,
        );
      }
      vectors[index] = value.embeddings;
    }
    return vectors.flat();
  }

  /**
   * Lets a model call functions until it has its answer. Nothing happens before the run is iterated or its
   * `result()` awaited.
   */
  agent(request: AgentRequest, options?: CallOptions): AgentRun {
    return new AgentRun(runAgent((chat, callOptions) => this.chat(chat, callOptions), request, options));
  }

  /** Loads a model, and keeps it for `keepAlive` after its last use. */
  async load(model: string, keepAlive?: KeepAlive, options?: CallOptions): Promise<void> {
    await this.generate(
      { model, prompt: "", ...(keepAlive !== undefined && { keep_alive: keepAlive }) },
      options,
    );
  }

  /** Frees a model's memory as soon as nothing uses it. */
  async unload(model: string, options?: CallOptions): Promise<void> {
    await this.generate({ model, prompt: "", keep_alive: 0 }, options);
  }

  /** Models on the server, newest first. */
  async list(options?: CallOptions): Promise<ListResponse> {
    return this.#get("/api/tags", options);
  }

  /** Models in memory. */
  async ps(options?: CallOptions): Promise<PsResponse> {
    return this.#get("/api/ps", options);
  }

  /** Which versions the server has. */
  async version(options?: CallOptions): Promise<VersionResponse> {
    return this.#get("/api/version", options);
  }

  /** What models can run on there, and what runs them; puna alone answers it, and asks for the scope `manage`. */
  async devices(options?: CallOptions): Promise<DevicesResponse> {
    return this.#get("/api/puna/devices", options);
  }

  /** What a model is: parameters, template, capabilities, GGUF keys. */
  async show(request: ShowRequest, options?: CallOptions): Promise<ShowResponse> {
    return this.#post("/api/show", request, { ...options, isIdempotent: true });
  }

  /** Fetches a model from its registry. */
  async pull(
    request: PullRequest & Streamed,
    options?: CallOptions,
  ): Promise<AbortableAsyncIterator<ProgressResponse>>;
  async pull(request: PullRequest & Whole, options?: CallOptions): Promise<ProgressResponse>;
  async pull(request: PullRequest, options?: CallOptions): Promise<object> {
    return this.#streamable<ProgressResponse>("/api/pull", request, options);
  }

  /** Sends a model to its registry. */
  async push(
    request: PushRequest & Streamed,
    options?: CallOptions,
  ): Promise<AbortableAsyncIterator<ProgressResponse>>;
  async push(request: PushRequest & Whole, options?: CallOptions): Promise<ProgressResponse>;
  async push(request: PushRequest, options?: CallOptions): Promise<object> {
    return this.#streamable<ProgressResponse>("/api/push", request, options);
  }

  /** Makes a model from another one or from uploaded blobs. */
  async create(
    request: CreateRequest & Streamed,
    options?: CallOptions,
  ): Promise<AbortableAsyncIterator<ProgressResponse>>;
  async create(request: CreateRequest & Whole, options?: CallOptions): Promise<ProgressResponse>;
  async create(request: CreateRequest, options?: CallOptions): Promise<object> {
    return this.#streamable<ProgressResponse>("/api/create", request, options);
  }

  /** Gives a model a second name. */
  async copy(request: CopyRequest, options?: CallOptions): Promise<StatusResponse> {
    await this.transport.status({ ...options, method: "POST", path: "/api/copy", json: request });
    return { status: "success" };
  }

  /** Removes a name, and the files that no other name needs. */
  async delete(request: DeleteRequest, options?: CallOptions): Promise<StatusResponse> {
    await this.transport.status({ ...options, method: "DELETE", path: "/api/delete", json: request });
    return { status: "success" };
  }

  /** Answers choice, yes-or-no and score questions (Ollama 0.35 and later). */
  async systemone(request: SystemOneRequest, options?: CallOptions): Promise<SystemOneResponse> {
    return this.#post("/v1/systemone", { ...this.#keepAlive, ...request }, options);
  }

  /** Searches the web through ollama.com; needs an `Authorization` header with a key of theirs. */
  async webSearch(request: WebSearchRequest, options?: CallOptions): Promise<WebSearchResponse> {
    if (request.query === "") throw new PunaError("INVALID_INPUT", "Query is required");
    return this.#post("https://ollama.com/api/web_search", request, options);
  }

  /** Reads a page through ollama.com; needs an `Authorization` header with a key of theirs. */
  async webFetch(request: WebFetchRequest, options?: CallOptions): Promise<WebFetchResponse> {
    if (request.url === "") throw new PunaError("INVALID_INPUT", "URL is required");
    return this.#post("https://ollama.com/api/web_fetch", request, options);
  }

  /** The wire form of a picture: base64. Text is taken to be that already. */
  async encodeImage(image: ImageInput): Promise<string> {
    return typeof image === "string" ? image : encodeBase64(image);
  }

  #encodeImages(images: readonly ImageInput[]): Promise<string[]> {
    return Promise.all(images.map((image) => this.encodeImage(image)));
  }

  async #streamable<T extends object>(
    path: string,
    request: { readonly stream?: boolean },
    options: CallOptions = {},
  ): Promise<T | AbortableAsyncIterator<T>> {
    const isStream = request.stream === true;
    const call = { ...options, method: "POST", path, json: { ...request, stream: isStream } } as const;
    return isStream ? this.transport.stream<T>(call) : this.transport.json<T>(call);
  }

  #get<T>(path: string, options?: CallOptions): Promise<T> {
    return this.transport.json({ ...options, method: "GET", path, isIdempotent: true });
  }

  #post<T>(
    path: string,
    json: object,
    options?: CallOptions & { readonly isIdempotent?: boolean },
  ): Promise<T> {
    return this.transport.json({ ...options, method: "POST", path, json });
  }
}

function formatOf(request: { readonly format?: FormatInput }): { readonly format?: unknown } {
  return request.format === undefined ? {} : { format: toWireFormat(request.format) };
}
