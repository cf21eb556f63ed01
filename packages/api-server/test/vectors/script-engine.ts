import { createScriptedEngine, type ScriptedAnswer, type ScriptedEngine } from "@puna/engine/testing";
import type { EngineScript, ScriptDelta } from "./vector-files.ts";

/** What the recorded stand-in engine always says about its work. */
const work = {
  promptTokens: 10,
  cachedTokens: 3,
  promptMs: 12.5,
  generatedTokens: 5,
  generatedMs: 50,
  verbatim: true,
};

const plain: EngineScript = { pieces: ["Hello", " wor", "ld", "!"] };

/** The stand-in engine of the recordings behind the engine port. */
export class ScriptEngine {
  /** Scripts of the running case. */
  scripts: Readonly<Record<string, EngineScript>> = {};
  /** The recorded engine was asked for a chat: its answer came in parts that were already told apart. */
  isChat = false;
  /** What a constrained model can only say, when the running step's schema has one value. */
  onlyAnswer: string | undefined;
  readonly engine: ScriptedEngine;

  constructor(options: { readonly contextTokens?: number; readonly maxLoadedModels?: number } = {}) {
    this.engine = createScriptedEngine({
      ...options,
      answer: (request) => {
        // The stand-in looks for names in texts only, not in token numbers.
        const prompt = typeof request.prompt === "string" ? request.prompt : "";
        const name = [...prompt.matchAll(/\[\[([^\]]+)\]\]/g)].at(-1)?.[1] ?? "";
        const script = this.scripts[name];
        const isConstrained = request.grammar !== undefined;
        if (script === undefined && isConstrained && this.onlyAnswer !== undefined) {
          return { ...work, pieces: [this.onlyAnswer] };
        }
        return this.#play(script ?? plain, isConstrained, /<think>\s*$/.test(prompt));
      },
    });
  }

  #play(script: EngineScript, isConstrained: boolean, beginsInThinking: boolean): ScriptedAnswer {
    if (script.status !== undefined) return { pieces: [], end: toError(script.status, script.body ?? "") };
    const chosen = (isConstrained ? script.constrained : undefined) ?? script.pieces ?? [];
    const deltas = script.deltas ?? chosen.map((content) => ({ content }));
    const pieces = this.isChat ? toText(deltas, beginsInThinking) : chosen;
    const reason = script.stop_type === "limit" ? "length" : "stop";
    return { ...work, pieces, reason, end: toEnd(script) };
  }
}

function toEnd(script: EngineScript): NonNullable<ScriptedAnswer["end"]> {
  if (script.cut === "soft") return "missing";
  if (script.cut === "hard") {
    return {
      code: "RUNNER_CRASHED",
      message: "an error was encountered while running the model: unexpected EOF",
    };
  }
  return script.garbage === true || script.error !== undefined
    ? { code: "INTERNAL", message: "error unmarshalling llama-server response: invalid" }
    : "normal";
}

function toError(status: number, message: string) {
  if (status === 400) return { code: "INVALID_REQUEST", message } as const;
  return status === 429 || status === 503
    ? ({ code: "QUEUE_FULL", message } as const)
    : ({ code: "INTERNAL", message } as const);
}

/** Chat deltas as a model would have written them; the recorded engine had parsed them already. */
function toText(deltas: readonly ScriptDelta[], beginsInThinking: boolean): string[] {
  const pieces: string[] = [];
  const calls = new Map<number, { name: string; args: string }>();
  const reasoning: string[] = [];
  for (const delta of deltas) {
    if (delta.reasoning_content) reasoning.push(delta.reasoning_content);
    if (delta.content) pieces.push(delta.content);
    for (const { index = 0, function: call } of delta.tool_calls ?? []) {
      const known = calls.get(index) ?? { name: "", args: "" };
      calls.set(index, { name: known.name + (call?.name ?? ""), args: known.args + (call?.arguments ?? "") });
    }
  }
  if (beginsInThinking) pieces.unshift(...reasoning, "</think>");
  else if (reasoning.length > 0) pieces.unshift("<think>", ...reasoning, "</think>");
  for (const { name, args } of calls.values()) {
    pieces.push(`<tool_call>{"name": ${JSON.stringify(name)}, "arguments": ${args || "{}"}}</tool_call>`);
  }
  return pieces;
}
