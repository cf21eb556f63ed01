import type { AcquireOptions, ModelLease } from "../engine.ts";
import type { LoadedModel } from "./loaded-model.ts";

/** One request's hold on a loaded model; letting go twice counts once. */
export function createLease(
  model: LoadedModel,
  { priority = "interactive", clientId = "" }: Pick<AcquireOptions, "priority" | "clientId">,
): ModelLease {
  const { runner } = model;
  const turn = { priority, clientId };
  let released = false;
  return {
    get info() {
      return model.info();
    },
    complete: (request, signal) => runner.complete(request, turn, signal),
    tokenize: (text, options) => runner.tokenize(text, options?.addSpecial ?? false),
    detokenize: (tokens) => runner.detokenize(tokens),
    embed: (inputs, signal) => runner.embed(inputs, signal),
    rank: (query, documents, signal) => runner.rank(query, documents, signal),
    [Symbol.asyncDispose]: async () => {
      if (released) return;
      released = true;
      model.release();
    },
  };
}
