import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileTypeCode } from "@puna/model-format/gguf";
import { EngineError } from "./errors.ts";
import { ownRunner } from "./own-runner.ts";
import { readModelFacts } from "./read-model-facts.ts";
import { quantizeModel } from "./runner-host/quantize-model.ts";

export interface QuantizerOptions {
  /** Where the copies are made; the system's folder for temporary files. Needs room for one model. */
  readonly folder?: string;
  /** 0 = all cores. */
  readonly threads?: number;
  readonly runnerEntry?: string;
  readonly execPath?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface QuantizeOptions {
  readonly signal?: AbortSignal;
  /** Tensors done, of how many. */
  onProgress?(done: number, total: number): void;
}

/** Makes smaller copies of models. */
export interface Quantizer {
  /**
   * @param type  such as `Q4_K_M`, in any letter case
   * @returns path of a new file, which the caller moves or removes
   * @throws EngineError `UNSUPPORTED` for unknown types, `LOAD_FAILED` for broken files, `INTERNAL`, `ABORTED`
   */
  quantize(modelPath: string, type: string, options?: QuantizeOptions): Promise<string>;
}

/** Quantizes with llama.cpp, each model in a child process of its own. */
export function createQuantizer(options: QuantizerOptions = {}): Quantizer {
  const { runnerEntry, execArgv } = ownRunner();
  const child = {
    runnerEntry: options.runnerEntry ?? runnerEntry,
    execArgv,
    ...(options.execPath === undefined ? {} : { execPath: options.execPath }),
    env: options.env ?? {},
  };
  return {
    quantize: async (modelPath, type, { signal, onProgress } = {}) => {
      const fileType = fileTypeCode(type);
      if (fileType === undefined)
        throw new EngineError("UNSUPPORTED", `there is no quantization type ${type}`);
      await readModelFacts(modelPath);
      const folder = options.folder ?? tmpdir();
      await mkdir(folder, { recursive: true });
      const output = join(folder, `puna-quantized-${randomUUID()}.gguf`);
      try {
        await quantizeModel(child, {
          input: modelPath,
          output,
          fileType,
          threads: options.threads ?? 0,
          ...(signal === undefined ? {} : { signal }),
          onProgress: (done, total) => onProgress?.(done, total),
        });
        return output;
      } catch (error) {
        await rm(output, { force: true });
        throw error;
      }
    },
  };
}
