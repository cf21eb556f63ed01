import { basename } from "node:path";
import { EngineError } from "../../errors.ts";
import type { RunnerSpec } from "../../ipc/messages.ts";
import type { Driver } from "../../runner-child/driver.ts";
import { LlamaContext } from "./context.ts";
import { dieWithParent } from "./die-with-parent.ts";
import { gpuLayerAttempts, tryLayers } from "./gpu-layers.ts";
import { type LlamaLibrary, loadLlamaLibrary } from "./library.ts";
import { askForLongSlices } from "./long-slices.ts";
import { LlamaModel } from "./model.ts";
import { NativeModel } from "./native-model.ts";
import { probeDevices } from "./probe-devices.ts";
import { keepStderrWhole } from "./whole-stderr.ts";

/** llama.h by FFI on the libraries that node-llama-cpp ships: everything that llama.cpp can do. */
export const nativeDriver: Driver = {
  name: "llama/native",
  load: async (spec) => {
    const library = loadLlamaLibrary();
    dieWithParent();
    await askForLongSlices();
    keepStderrWhole();
    const devices = probeDevices(library);
    const attempts = gpuLayerAttempts(spec, devices);
    const loaded = await tryLayers(attempts, (gpuLayers) => loadOnce(library, { ...spec, gpuLayers }));
    const { model, context, gpuLayers } = loaded;
    try {
      addAdapters(model, context, spec);
      const onGpu = gpuLayers !== 0 && devices.some(({ kind }) => kind === "gpu");
      // With the spec as it was asked for: conversations are found again, whatever number of layers fits today.
      return new NativeModel({ model, context, spec, vramBytes: onGpu ? model.sizeBytes : 0 });
    } catch (error) {
      context.free();
      model.free();
      throw error;
    }
  },
};

interface Loaded {
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly gpuLayers: number;
}

async function loadOnce(library: LlamaLibrary, spec: RunnerSpec): Promise<Loaded> {
  const model = await LlamaModel.load(library, spec);
  try {
    if (model.hasEncoder && model.hasDecoder) {
      throw new EngineError("UNSUPPORTED", "encoder-decoder models cannot be run; use a decoder-only model");
    }
    return { model, context: LlamaContext.create(model, spec), gpuLayers: spec.gpuLayers };
  } catch (error) {
    model.free();
    throw error;
  }
}

function addAdapters(model: LlamaModel, context: LlamaContext, spec: RunnerSpec): void {
  if (spec.adapters.length === 0) return;
  const loaded = spec.adapters.map(({ path, scale }) => {
    const pointer = model.library.c.llama_adapter_lora_init(model.pointer, path);
    if (pointer === null)
      throw new EngineError("LOAD_FAILED", `the LoRA adapter ${basename(path)} does not fit the model`);
    return { pointer, scale };
  });
  context.setAdapters(loaded);
}
