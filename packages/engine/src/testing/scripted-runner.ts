import type { CompletionRequest, ModelSpec, TokenEvent } from "../engine.ts";
import { EngineError } from "../errors.ts";
import type { RequestTurn, RunnerSpec } from "../ipc/messages.ts";
import type { Runner } from "../runner-host/runner.ts";
import { fromCodePoints, toCodePoints } from "./code-points.ts";
import { playScript } from "./play-script.ts";
import type { Script, ScriptedCall } from "./scripted-answer.ts";

export interface ScriptedRunnerParts {
  readonly spec: RunnerSpec;
  readonly modelSpec: ModelSpec;
  readonly script: Script;
  readonly record: (call: ScriptedCall) => void;
  readonly embed: (tokens: readonly number[], spec: ModelSpec) => readonly number[];
  readonly rank: (query: string, document: string) => number;
}

/** A runner in this process that plays scripts; `crash` ends it as a signal would. */
export function scriptedRunner(parts: ScriptedRunnerParts): {
  readonly runner: Runner;
  readonly crash: () => void;
} {
  const { spec, modelSpec, script, record } = parts;
  const ended = Promise.withResolvers<void>();
  const dead = new AbortController();
  let answered = 0;
  const die = () => {
    dead.abort();
    ended.resolve();
  };

  async function* complete(
    request: CompletionRequest,
    _turn: RequestTurn,
    signal?: AbortSignal,
  ): AsyncIterable<TokenEvent> {
    record({ spec: modelSpec, request });
    const either = AbortSignal.any([dead.signal, ...(signal === undefined ? [] : [signal])]);
    try {
      yield* playScript(await script(request, modelSpec), request, {
        contextTokens: spec.contextTokens,
        signal: either,
      });
      answered += 1;
    } catch (error) {
      if (!dead.signal.aborted) throw error;
      throw new EngineError(
        "RUNNER_CRASHED",
        "model runner has unexpectedly stopped (SIGKILL: it was killed)",
      );
    }
  }

  const runner: Runner = {
    facts: {
      driver: "scripted",
      contextTokens: spec.contextTokens,
      trainedContextTokens: spec.contextTokens,
      parallel: spec.parallel,
      sizeBytes: 0,
      vramBytes: 0,
      embeddingLength: 3,
    },
    exited: ended.promise,
    isUsable: () => !dead.signal.aborted,
    answered: () => answered,
    complete,
    tokenize: async (text) => toCodePoints(text),
    detokenize: async (tokens) => fromCodePoints(tokens),
    embed: async (inputs) => inputs.map((input) => Float32Array.from(parts.embed(input, modelSpec))),
    rank: async (query, documents) =>
      documents.map((document) => ({
        score: parts.rank(query, document),
        tokens: [...query, ...document].length,
      })),
    health: async () => {
      if (dead.signal.aborted) throw new EngineError("RUNNER_CRASHED", "the model runner is gone");
    },
    stop: async () => die(),
  };
  return { runner, crash: die };
}
