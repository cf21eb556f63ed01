import { type Message, quoteGo } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";
import { badRequest } from "../errors.ts";
import { findModel } from "../models/find-model.ts";
import type { KnownModel } from "../models/model-catalog.ts";
import { expireModel } from "./expire-model.ts";
import { checkThinking, checkTopLogprobs, requireModel } from "./generation-checks.ts";
import type { GenerationEvent } from "./generation-event.ts";
import type { ChatSettings, RequestScope } from "./generation-request.ts";
import { knowOrMissing, leaseModel, requireCapabilities } from "./lease-model.ts";
import { observeAnswer } from "./observe-answer.ts";
import { readOptions } from "./read-options.ts";
import { runTurn } from "./run-turn.ts";
import { stripOldThinking } from "./strip-old-thinking.ts";

/**
 * Answers one turn of a conversation. Without messages it only loads the model, or unloads it when `keepAliveMs` is 0.
 * Checks come in Ollama's order: what they throw comes before the first event.
 * @throws ApiError, ProtocolError, PromptError, EngineError, OutputError
 * @source ollama server/routes.go ChatHandler
 */
export async function* runChat(
  dependencies: Dependencies,
  settings: ChatSettings,
  scope: RequestScope,
): AsyncGenerator<GenerationEvent> {
  checkTopLogprobs(settings);
  if (settings.model.trim() === "") throw badRequest("model is required");
  const { stored } = await findModel(dependencies.store, settings.model);
  const known = await knowOrMissing(
    dependencies.catalog,
    requireModel(stored, settings.model),
    settings.model,
  );
  if (settings.messages.length === 0 && settings.keepAliveMs === 0) {
    await expireModel(dependencies, known);
    yield { type: "model-unload" };
    return;
  }
  const { think, options } = prepareChat(known, settings, scope);
  await using lease = await leaseModel(dependencies, known, {
    keepAliveMs: settings.keepAliveMs,
    options,
    scope,
  });
  if (settings.messages.length === 0) {
    yield { type: "model-load" };
    return;
  }
  const answer = runTurn(dependencies, {
    known,
    lease,
    options,
    scope,
    settings,
    messages: conversationOf(known, settings.messages),
    tools: settings.toolChoice === "none" ? [] : (settings.tools ?? []),
    think,
    loadedAtMs: dependencies.now(),
  });
  yield* observeAnswer(dependencies, scope, answer);
}

/** What is decided before the model is loaded; token counting needs the same. */
export function prepareChat(known: KnownModel, settings: ChatSettings, scope: RequestScope) {
  const think = checkThinking(known, settings, scope.warn);
  if (!known.capabilities.includes("completion")) {
    throw badRequest(`${quoteGo(settings.model)} does not support chat`);
  }
  const usesTools = (settings.tools?.length ?? 0) > 0 && settings.toolChoice !== "none";
  requireCapabilities(known, usesTools ? ["tools"] : []);
  checkToolChoice(settings);
  return { think, options: readOptions(known.model.parameters, settings.options, scope.warn) };
}

/** @throws ApiError `BAD_REQUEST` when a call is demanded that no tool can answer */
function checkToolChoice({ toolChoice, tools = [] }: ChatSettings): void {
  if (toolChoice === "required" && tools.length === 0)
    throw badRequest("tool_choice demands a call, and there are no tools");
  if (typeof toolChoice !== "object") return;
  const names = tools.map((tool) => tool.function.name);
  if (names.includes(toolChoice.name)) return;
  const offered = names.length === 0 ? "there are no tools" : `the tools are ${names.join(", ")}`;
  throw badRequest(`tool_choice names ${JSON.stringify(toolChoice.name)}; ${offered}`);
}

/** The model's own messages come first, and its system text unless the request brings one. */
export function conversationOf(known: KnownModel, requested: readonly Message[]): readonly Message[] {
  const { system, messages, config } = known.model;
  const all = [...messages, ...requested];
  const isOwnSystem = requested[0]?.role !== "system" && system !== "";
  const conversation = isOwnSystem ? [{ role: "system", content: system }, ...all] : all;
  return stripOldThinking(conversation, {
    family: config.model_family,
    model: known.model.stored.name.model,
  });
}
