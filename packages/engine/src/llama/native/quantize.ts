import koffi from "koffi";
import { EngineError } from "../../errors.ts";
import type { QuantizeSpec } from "../../ipc/messages.ts";
import { loadLlamaLibrary } from "./library.ts";
import { NativeMemory } from "./native-memory.ts";

/** @throws EngineError `INTERNAL`; the reason stands in what llama.cpp wrote to stderr */
export async function quantize({ input, output, fileType, threads }: QuantizeSpec): Promise<void> {
  const { c } = loadLlamaLibrary();
  const params = new NativeMemory(koffi.sizeof("llama_model_quantize_params"));
  koffi.encode(params.pointer, "llama_model_quantize_params", {
    ...c.llama_model_quantize_default_params(),
    ftype: fileType,
    nthread: threads,
  });
  try {
    const result = await new Promise<number>((resolve, reject) => {
      c.llama_model_quantize.async(input, output, params.pointer, (error: unknown, value: number) =>
        error ? reject(error) : resolve(value),
      );
    });
    if (result !== 0) throw new EngineError("INTERNAL", `llama.cpp failed with ${result}`);
  } finally {
    params.free();
  }
}
