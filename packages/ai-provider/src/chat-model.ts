import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from "@ai-sdk/provider";
import type { CallOptions, ChatResponse, Puna } from "@puna/sdk";
import { askModel } from "./ask-model.ts";
import { toFinishReason, toToolCall, toUsage } from "./from-chat-response.ts";
import type { PunaModelSettings } from "./model-settings.ts";
import { toApiCallError } from "./to-api-call-error.ts";
import { toChatRequest } from "./to-chat-request.ts";
import { toStreamParts } from "./to-stream-parts.ts";

const path = "/api/chat";

/** A model behind `/api/chat`, as the AI SDK sees one. */
export class PunaChatModel implements LanguageModelV4 {
  readonly specificationVersion = "v4";
  readonly provider = "puna.chat";
  readonly modelId: string;
  /** None: servers of models fetch nothing, so the AI SDK downloads pictures and sends their bytes. */
  readonly supportedUrls = {};
  readonly #client: Puna;
  readonly #settings: PunaModelSettings;

  constructor(client: Puna, modelId: string, settings: PunaModelSettings) {
    this.#client = client;
    this.modelId = modelId;
    this.#settings = settings;
  }

  async doGenerate(call: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
    const prepared = toChatRequest(this.modelId, this.#settings, call);
    const { request, warnings } = prepared;
    const joined = { thinking: "", content: "" };
    const calls: LanguageModelV4Content[] = [];
    let last: ChatResponse | undefined;
    try {
      // Streamed here as well: `fetch` gives up on answers whose first byte takes minutes.
      for await (const chunk of askModel(this.#client, prepared, toCallOptions(call))) {
        joined.thinking += chunk.message.thinking ?? "";
        joined.content += chunk.message.content;
        calls.push(...(chunk.message.tool_calls ?? []).map(toToolCall));
        if (chunk.done) last = chunk;
      }
    } catch (error) {
      throw toApiCallError(error, path, request);
    }
    return {
      content: [
        ...(joined.thinking === "" ? [] : [{ type: "reasoning" as const, text: joined.thinking }]),
        ...(joined.content === "" ? [] : [{ type: "text" as const, text: joined.content }]),
        ...calls,
      ],
      finishReason: toFinishReason(last, calls.length),
      usage: toUsage(last),
      warnings,
      request: { body: request },
      ...(last && { response: { modelId: last.model, timestamp: new Date(last.created_at) } }),
    };
  }

  async doStream(call: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult> {
    const prepared = toChatRequest(this.modelId, this.#settings, call);
    const { request, warnings } = prepared;
    // Whoever cancels the stream ends the request at once, also while no piece has come yet.
    const cancelled = new AbortController();
    const signals = [cancelled.signal, ...(call.abortSignal === undefined ? [] : [call.abortSignal])];
    const signal = AbortSignal.any(signals);
    const chunks = askModel(this.#client, prepared, { ...toCallOptions(call), signal });
    const parts = toStreamParts(chunks, call.includeRawChunks);
    // What fails before the first piece fails the call, so that the AI SDK can try again.
    const first = await parts.next().catch((error: unknown) => {
      throw toApiCallError(error, path, request);
    });
    const pending: LanguageModelV4StreamPart[] = [{ type: "stream-start", warnings }];
    if (first.done !== true) pending.push(first.value);
    const stream = new ReadableStream<LanguageModelV4StreamPart>({
      async pull(controller) {
        try {
          const part = pending.shift() ?? (await parts.next()).value;
          if (part === undefined) controller.close();
          else controller.enqueue(part);
        } catch (error) {
          // An abort ends the stream as `fetch` would; the rest is told in the stream, which then ends.
          if (signal.aborted) return controller.error(error);
          controller.enqueue({ type: "error", error: toApiCallError(error, path, request) });
          controller.enqueue({
            type: "finish",
            finishReason: toFinishReason(undefined, 0),
            usage: toUsage(undefined),
          });
          controller.close();
        }
      },
      cancel: () => cancelled.abort(),
    });
    return { stream, request: { body: request } };
  }
}

function toCallOptions({ abortSignal, headers = {} }: LanguageModelV4CallOptions): CallOptions {
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { signal: abortSignal, headers: given };
}
