import type { ModelLease } from "@puna/engine";
import type { Dependencies } from "../dependencies.ts";
import { badRequest } from "../errors.ts";
import { findModel } from "../models/find-model.ts";
import type { KnownModel } from "../models/model-catalog.ts";
import { requireModel } from "./generation-checks.ts";
import type { ChatSettings, GenerationSettings, RequestScope } from "./generation-request.ts";
import { leaseModel, requireHere } from "./lease-model.ts";
import { readOptions } from "./read-options.ts";
import { conversationOf, prepareChat } from "./run-chat.ts";

type ModelSettings = Pick<GenerationSettings, "model" | "options" | "keepAliveMs">;

/** Text → token ids of the model. */
export async function tokenizeText(
  dependencies: Dependencies,
  settings: ModelSettings & { readonly content: string; readonly addSpecial: boolean },
  scope: RequestScope,
): Promise<readonly number[]> {
  return withModel(dependencies, settings, scope, (lease) =>
    lease.tokenize(settings.content, { addSpecial: settings.addSpecial }),
  );
}

/** Token ids of the model → text. @throws EngineError `INVALID_REQUEST` for ids the model does not have */
export async function tokensToText(
  dependencies: Dependencies,
  settings: ModelSettings,
  tokens: readonly number[],
  scope: RequestScope,
): Promise<string> {
  return withModel(dependencies, settings, scope, (lease) => lease.detokenize(tokens));
}

/** The prompt that a conversation becomes, without generating. */
export async function applyTemplate(
  dependencies: Dependencies,
  settings: ChatSettings,
  scope: RequestScope,
): Promise<string> {
  const known = await knowModel(dependencies, settings.model);
  return renderAll(known, settings, scope);
}

/** How many tokens a conversation's prompt has. */
export async function countPromptTokens(
  dependencies: Dependencies,
  settings: ChatSettings,
  scope: RequestScope,
): Promise<number> {
  return withModel(dependencies, settings, scope, async (lease, known) => {
    const prompt = renderAll(known, settings, scope);
    return (await lease.tokenize(prompt, { addSpecial: true })).length;
  });
}

function renderAll(known: KnownModel, settings: ChatSettings, scope: RequestScope): string {
  const { think } = prepareChat(known, settings, scope);
  const tools = settings.toolChoice === "none" ? [] : (settings.tools ?? []);
  return known.prompt.render({
    messages: conversationOf(known, settings.messages),
    ...(tools.length > 0 && { tools }),
    ...(think !== undefined && { think }),
  });
}

async function knowModel({ store, catalog }: Dependencies, model: string): Promise<KnownModel> {
  if (model === "") throw badRequest("model is required");
  const { stored } = await findModel(store, model);
  return requireHere(await catalog.know(requireModel(stored, model)));
}

async function withModel<T>(
  dependencies: Dependencies,
  settings: ModelSettings,
  scope: RequestScope,
  work: (lease: ModelLease, known: KnownModel) => Promise<T>,
): Promise<T> {
  const known = await knowModel(dependencies, settings.model);
  const options = readOptions(known.model.parameters, settings.options, scope.warn);
  const embedding = known.capabilities.includes("embedding");
  const { keepAliveMs } = settings;
  await using lease = await leaseModel(dependencies, known, { keepAliveMs, options, scope, embedding });
  return await work(lease, known);
}
