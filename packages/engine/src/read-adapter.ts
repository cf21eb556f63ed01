import { basename } from "node:path";
import { type Gguf, GgufError, type GgufTensor, kindOf, readGguf } from "@puna/model-format/gguf";
import { EngineError } from "./errors.ts";
import { openFileSource } from "./file-source.ts";

/**
 * Reads a LoRA adapter with our own reader, and compares its shapes with those of the model it is for.
 * @returns its size in bytes
 * @throws EngineError `LOAD_FAILED` naming what does not fit, `UNSUPPORTED` for other kinds of adapters
 */
export async function readAdapter(
  path: string,
  model: Gguf,
  tensors: readonly GgufTensor[],
): Promise<number> {
  const name = basename(path);
  const refuse = (why: string) => new EngineError("LOAD_FAILED", `the LoRA adapter ${name} ${why}`);
  try {
    await using source = await openFileSource(path);
    const { metadata, tensors: own, sizeBytes } = await readGguf(source);
    const kind = kindOf(metadata);
    if (kind !== "adapter") throw refuse(`is a ${kind}; name a file that holds an adapter`);
    const type = metadata.string("adapter.type") ?? "lora";
    if (type !== "lora")
      throw new EngineError("UNSUPPORTED", `${name} is an adapter of type ${type}; only lora can be applied`);
    const wanted = model.metadata.architecture;
    if (metadata.architecture !== wanted)
      throw refuse(`was made for a model of type ${metadata.architecture}, and this one is ${wanted}`);
    const misfit = findMisfit(own, tensors);
    if (misfit !== undefined)
      throw refuse(`does not fit this model: ${misfit}; use the model that it was made for`);
    return sizeBytes;
  } catch (cause) {
    if (EngineError.is(cause)) throw cause;
    const why = GgufError.is(cause) ? cause.message : "its file could not be read";
    throw new EngineError("LOAD_FAILED", `unable to load the LoRA adapter ${name}: ${why}`, { cause });
  }
}

/** @source llama.cpp v0.5.0 src/llama-adapter.cpp: llama_adapter_lora_init_impl */
function findMisfit(adapter: readonly GgufTensor[], model: readonly GgufTensor[]): string | undefined {
  const own = new Map(adapter.map((tensor) => [tensor.name, tensor.shape]));
  const shapes = new Map(model.map((tensor) => [tensor.name, tensor.shape]));
  for (const [name, a] of own) {
    if (!name.endsWith(".lora_a")) continue;
    const target = name.slice(0, -".lora_a".length);
    const shape = shapes.get(target);
    if (shape === undefined) return `it changes ${target}, which the model lacks`;
    const b = own.get(`${target}.lora_b`);
    if (b === undefined) return `${target} has only one of its two halves`;
    // Of embeddings both halves come the other way round.
    const [from, to] = target === "token_embd.weight" ? [b[1], a[1]] : [a[0], b[1]];
    if (from !== shape[0] || (to ?? 1) !== (shape[1] ?? 1))
      return `${target} has ${shape[0]} × ${shape[1] ?? 1} values there, and ${from} × ${to ?? 1} in the adapter`;
  }
  return undefined;
}
