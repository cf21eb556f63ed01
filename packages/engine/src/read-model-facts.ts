import { GgufError, readGguf } from "@puna/model-format/gguf";
import { EngineError } from "./errors.ts";
import { openFileSource } from "./file-source.ts";
import { type ModelFacts, modelFacts } from "./scheduler/memory-plan.ts";

/** Our own reader passes every file before native code sees it. @throws EngineError `LOAD_FAILED` */
export async function readModelFacts(modelPath: string): Promise<ModelFacts> {
  try {
    await using source = await openFileSource(modelPath);
    return modelFacts(await readGguf(source));
  } catch (cause) {
    if (GgufError.is(cause))
      throw new EngineError("LOAD_FAILED", `the model file is not sound: ${cause.message}`, { cause });
    throw new EngineError("LOAD_FAILED", "the model file could not be read", { cause });
  }
}
