import type { ScriptedCall } from "@puna/engine/testing";
import type { EngineRequest, VectorRequest } from "./vector-files.ts";

/** Recorded name → how the engine port calls it. */
const sampling = {
  temperature: "temperature",
  top_k: "topK",
  top_p: "topP",
  min_p: "minP",
  typical_p: "typicalP",
  repeat_penalty: "repeatPenalty",
  repeat_last_n: "repeatLastN",
  presence_penalty: "presencePenalty",
  frequency_penalty: "frequencyPenalty",
} as const;

/** Compares what reached the engine, for prompts that the server renders itself. */
export function compareEngineRequests(
  recorded: readonly EngineRequest[],
  calls: readonly ScriptedCall[],
  request: VectorRequest,
): string[] {
  const completions = recorded.filter(({ path }) => path === "/completion");
  if (completions.length === 0 || recorded.length > completions.length) return [];
  if (calls.length !== completions.length)
    return [`${calls.length} engine requests, not ${completions.length}`];
  return completions.flatMap(({ body = {} }, index) => compareOne(body, calls[index], request));
}

function compareOne(
  body: Readonly<Record<string, unknown>>,
  call: ScriptedCall | undefined,
  request: VectorRequest,
): string[] {
  if (call === undefined) return ["no engine request"];
  const ours = call.request;
  const differences: string[] = [];
  const check = (name: string, recorded: unknown, value: unknown) => {
    if (JSON.stringify(recorded) === JSON.stringify(value)) return;
    differences.push(`engine ${name}: ${shorten(value)}, not ${shorten(recorded)}`);
  };
  check("prompt", body["prompt"], ours.prompt);
  // Ollama does not read this one.
  const isOurs = JSON.stringify(request.body ?? "").includes("max_completion_tokens");
  if (!isOurs) check("n_predict", body["n_predict"], ours.maxTokens);
  check("n_keep", body["n_keep"] ?? 0, ours.keepTokens);
  // Ollama gives this fixture a Go template that looks like its own; here its own is used, which needs no stop texts.
  const isNative = JSON.stringify(request.body ?? "").includes('"tiny-jinja"');
  if (!isNative) check("stop", body["stop"], ours.stop);
  for (const [name, port] of Object.entries(sampling)) {
    check(name, body[name], ours.sampling[port]);
  }
  check(
    "constraint",
    body["grammar"] !== undefined || body["json_schema"] !== undefined,
    ours.grammar !== undefined,
  );
  check("preserved_tokens", sorted(body["preserved_tokens"]), sorted(ours.preservedTokens));
  return differences;
}

function sorted(value: unknown): unknown {
  return Array.isArray(value) ? [...value].sort() : value;
}

function shorten(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 200);
}
