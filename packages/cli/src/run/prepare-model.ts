import type { ShowResponse } from "@puna/protocol";
import { pullWithProgress } from "../commands/pull.ts";
import { isNotFound } from "../commands/stop.ts";
import type { CliContext } from "../context.ts";

/** Asks for the model; pulls it when the server does not have it, and asks again. */
export async function prepareModel(
  context: CliContext,
  request: { readonly model: string; readonly insecure: boolean },
): Promise<ShowResponse> {
  try {
    return await context.client.show({ model: request.model });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  await pullWithProgress(context, request);
  return context.client.show({ model: request.model });
}
