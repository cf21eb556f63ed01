import type { ShowResponse } from "@puna/protocol";
import { pullWithProgress } from "../commands/pull.ts";
import type { CliContext } from "../context.ts";
import { CliError } from "../errors.ts";
import { isNotFound } from "../server/status-prefix.ts";
import { pullOrSuggestCloud } from "./cloud-suggestion.ts";

/** Asks for the model; pulls it when the server does not have it, and asks again. @returns it, under the name it has */
export async function prepareModel(
  context: CliContext,
  request: { readonly model: string; readonly insecure: boolean },
): Promise<{ readonly name: string; readonly model: ShowResponse }> {
  try {
    return { name: request.model, model: await context.client.show({ model: request.model }) };
  } catch (error) {
    // A model of the cloud is no file that could be pulled.
    if (!isNotFound(error) || isOfCloud(request.model)) throw error;
  }
  const { insecure } = request;
  const name = await pullOrSuggestCloud(context, { ...request, command: "run" }, (model) =>
    pullWithProgress(context, { model, insecure }),
  );
  return { name, model: await context.client.show({ model: name }) };
}

/** `m:cloud`, `m:20b-cloud` */
function isOfCloud(model: string): boolean {
  return /:(?:[^/]*-)?cloud$/i.test(model.trim());
}

/** @throws CliError for a model that makes pictures, which nothing here can run */
export function refuseImageModel({ capabilities }: ShowResponse): void {
  const names: readonly string[] = capabilities ?? [];
  if (names.includes("image"))
    throw new CliError("USAGE", "image generation models are not currently supported");
}
