import type { ModelLease } from "@puna/engine";
import { PromptTemplate } from "@puna/model-format";
import { type Message, ModelName, parseFormat, quoteGo, type ThinkValue } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";
import { badRequest, notFound } from "../errors.ts";
import { findModel } from "../models/find-model.ts";
import type { KnownModel } from "../models/model-catalog.ts";
import { formatGrammar } from "./answer-grammar.ts";
import { buildCompletion, checkTokens } from "./build-completion.ts";
import { expireModel } from "./expire-model.ts";
import { fitMessages } from "./fit-messages.ts";
import { checkThinking, checkTopLogprobs, requireModel } from "./generation-checks.ts";
import type { GenerationEvent } from "./generation-event.ts";
import type { GenerateSettings, RequestScope } from "./generation-request.ts";
import { knowOrMissing, leaseModel } from "./lease-model.ts";
import { observeAnswer } from "./observe-answer.ts";
import { type FullOptions, readOptions } from "./read-options.ts";
import { refuseImages } from "./refuse-images.ts";
import { runAnswer } from "./run-answer.ts";
import { toMetrics } from "./to-metrics.ts";

/**
 * Continues a prompt. Without one it only loads the model, or unloads it when `keepAliveMs` is 0.
 * @throws ApiError, ProtocolError, PromptError, EngineError, OutputError
 * @source ollama server/routes.go GenerateHandler
 */
export async function* runGenerate(
  dependencies: Dependencies,
  settings: GenerateSettings,
  scope: RequestScope,
): AsyncGenerator<GenerationEvent> {
  checkTopLogprobs(settings);
  if (settings.model.trim() === "") throw notFound(`model '${settings.model}' not found`);
  const { stored } = await findModel(dependencies.store, settings.model);
  const known = await knowOrMissing(
    dependencies.catalog,
    requireModel(stored, settings.model),
    settings.model,
  );
  if (settings.prompt === "" && settings.keepAliveMs === 0) {
    await expireModel(dependencies, known);
    yield { type: "model-unload" };
    return;
  }
  const { think, options } = prepareGenerate(known, settings, scope);
  await using lease = await leaseModel(dependencies, known, {
    keepAliveMs: settings.keepAliveMs,
    options,
    scope,
  });
  if (settings.prompt === "") {
    yield { type: "model-load" };
    return;
  }
  const loadedAtMs = dependencies.now();
  const answer = continuePrompt(dependencies, { known, settings, scope, lease, think, options, loadedAtMs });
  yield* observeAnswer(dependencies, scope, answer);
}

function prepareGenerate(known: KnownModel, settings: GenerateSettings, scope: RequestScope) {
  if (
    settings.raw === true &&
    (settings.template || settings.system || (settings.context?.length ?? 0) > 0)
  ) {
    throw badRequest("raw mode does not support template, system, or context");
  }
  const think = checkThinking(known, settings, scope.warn);
  if (!known.capabilities.includes("completion")) {
    throw badRequest(`${quoteGo(settings.model)} does not support generate`);
  }
  if (settings.suffix && !known.capabilities.includes("insert")) {
    const name = new ModelName(known.model.stored.name).toString();
    throw badRequest(`${name} does not support insert`);
  }
  return { think, options: readOptions(known.model.parameters, settings.options, scope.warn) };
}

interface Generation {
  readonly known: KnownModel;
  readonly settings: GenerateSettings;
  readonly scope: RequestScope;
  readonly lease: ModelLease;
  readonly think: ThinkValue | undefined;
  readonly options: FullOptions;
  readonly loadedAtMs: number;
}

async function* continuePrompt(
  dependencies: Dependencies,
  generation: Generation,
): AsyncGenerator<GenerationEvent> {
  const { known, settings, scope, lease, think, options, loadedAtMs } = generation;
  const prompt = (await contextText(lease, settings.context)) + (await renderPrompt(generation));
  const imageCount = settings.images?.length ?? 0;
  if (settings.renderOnly === true) {
    yield { type: "prompt-render", prompt, imageCount };
    return;
  }
  yield { type: "generation-start" };
  const format = parseFormat(settings.format);
  refuseImages(known, imageCount);
  const isRaw = settings.raw === true;
  const parser = isRaw
    ? undefined
    : known.prompt.generateParser({
        tools: [],
        think,
        requestedThink: settings.think,
        lastMessage: undefined,
        prompt,
      });
  const request = await buildCompletion(lease, {
    prompt,
    options,
    grammar: settings.grammar ?? (format && formatGrammar(format, { strict: false, warn: scope.warn })),
    settings,
    gguf: known.gguf,
    preservedTokens: isRaw ? [] : known.prompt.preservedTokens([]),
    leadingBos: known.prompt.leadingBos,
  });
  const answer = runAnswer({
    lease,
    request,
    parser,
    emitEmpty: !known.prompt.hasFamilyParser,
    callsAtEnd: false,
    newCallId: undefined,
    signal: scope.signal,
  });
  for await (const event of answer) {
    if (event.type === "answer-delta") {
      // Nobody offered tools; what looks like a call is told at the end alone, as Ollama does.
      const isCallOnly = event.toolCalls.length > 0 && event.content === "" && event.thinking === "";
      if (!isCallOnly) yield { ...event, toolCalls: [] };
      continue;
    }
    yield {
      ...event,
      type: "generation-end",
      metrics: toMetrics(event, { arrivedAtMs: scope.arrivedAtMs, loadedAtMs, nowMs: dependencies.now() }),
      ...(event.engineEnd?.stopSequence !== undefined && { stopSequence: event.engineEnd.stopSequence }),
      ...(!isRaw && { context: await lease.tokenize(prompt + event.text, { addSpecial: false }) }),
      droppedMessages: 0,
    };
  }
}

async function contextText(lease: ModelLease, context: readonly number[] | undefined): Promise<string> {
  if (context === undefined || context.length === 0) return "";
  checkTokens(context);
  return lease.detokenize(context);
}

/** Raw text as it is; a template of the request, or a suffix, directly; everything else as a conversation of one turn. */
async function renderPrompt({ known, settings, think, lease, options, scope }: Generation): Promise<string> {
  const { prompt, suffix = "", template = "" } = settings;
  if (settings.raw === true) return prompt;
  const system = settings.system || known.model.system;
  if (template !== "") {
    const parsed = PromptTemplate.parse(template);
    if (suffix !== "") return parsed.fillInTheMiddle({ prompt, suffix });
    return parsed.render({
      messages: generateMessages(known, settings, system),
      ...(think !== undefined && { think }),
    });
  }
  if (suffix !== "" && known.prompt.fillIn !== undefined) return known.prompt.fillIn(prompt, suffix);
  const conversation = {
    messages: generateMessages(known, settings, system),
    ...(think !== undefined && { think }),
  };
  const render = known.prompt.renderText ?? known.prompt.render;
  // Alone, the prompt stays whatever its length; only what the model brings along can be left out.
  if (settings.truncate === false || known.model.messages.length === 0) return render(conversation);
  const { prompt: fitted } = await fitMessages({
    known,
    lease,
    options,
    conversation,
    render,
    signal: scope.signal,
  });
  return fitted;
}

function generateMessages(known: KnownModel, settings: GenerateSettings, system: string): readonly Message[] {
  const images = settings.images ?? [];
  const continues = settings.context !== undefined;
  return [
    ...(system === "" ? [] : [{ role: "system", content: system }]),
    ...(continues ? [] : known.model.messages),
    { role: "user", content: settings.prompt, ...(images.length > 0 && { images }) },
  ];
}
