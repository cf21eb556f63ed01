export {
  createScriptedEngine,
  type ScriptedEngine,
  type ScriptedEngineOptions,
} from "./create-scripted-engine.ts";
export type {
  Script,
  ScriptedAnswer,
  ScriptedCall,
  ScriptedLogprobs,
  ScriptedPiece,
} from "./scripted-answer.ts";
