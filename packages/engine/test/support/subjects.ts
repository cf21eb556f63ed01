import { createEngine } from "../../src/create-engine.ts";
import type { Engine } from "../../src/engine.ts";
import { EngineError } from "../../src/errors.ts";
import { createScriptedEngine } from "../../src/testing/create-scripted-engine.ts";
import { runnerEnv } from "./runner-env.ts";

const env = { ...runnerEnv, HOME: process.env["HOME"] };
const script = [..."héllo 🌍 and 世界, told in many words. ".repeat(8)];

export interface Subject {
  readonly name: string;
  readonly create: (options?: { readonly parallel?: number }) => Engine;
  readonly isScripted?: boolean;
  /** It has no log-probabilities, mirostat, typical sampling and ranking, and says so. */
  readonly refusesSome?: boolean;
}

/** Every driver behind the engine port. */
export const subjects: readonly Subject[] = [
  {
    name: "llama/native",
    create: ({ parallel = 2 } = {}) => createEngine({ env, driver: "native", parallel, contextTokens: 512 }),
  },
  {
    name: "llama/portable",
    create: ({ parallel = 2 } = {}) =>
      createEngine({ env, driver: "portable", parallel, contextTokens: 512 }),
    refusesSome: true,
  },
  {
    name: "scripted",
    create: ({ parallel = 2 } = {}) =>
      createScriptedEngine({
        answer: () => ({ pieces: script.map((text) => ({ text, delayMs: 1 })), reason: "length" }),
        parallel,
        contextTokens: 512,
      }),
    isScripted: true,
  },
];

/** The code of the error that some work ends with. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "no error";
  } catch (error) {
    return EngineError.is(error) ? error.code : String(error);
  }
}
