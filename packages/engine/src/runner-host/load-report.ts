/** What llama.cpp said that it took for a model, in bytes. */
export interface LoadReport {
  /** Weights that are read while it runs. */
  readonly weightsBytes: number;
  /** Keys and values, states of recurrent blocks, room to compute in and for what comes out. */
  readonly contextBytes: number;
  /** Of both, what lies in the memory of GPUs. */
  readonly vramBytes: number;
  /** Every block of the model is computed on GPUs. */
  readonly isOnGpu: boolean;
}

const bufferLine = /(\S+) +(model|KV|RS|compute|output) buffer size = +([\d.]+) MiB/;
/** The first of a load. A runner that found too little memory on a GPU loads again, with fewer layers there. */
const beginLine = "loading model tensors, this can take a while";
const offloadLine = /offloaded (\d+)\/(\d+) layers to GPU/;
const mebibyte = 2 ** 20;

/**
 * Reads sizes of buffers out of what llama.cpp writes while it loads. llama.h has no function that tells them.
 * @source llama.cpp v0.5.0 src/llama-model.cpp, llama-kv-cache.cpp, llama-context.cpp: LLAMA_LOG_INFO
 */
export class LoadReporter {
  #rest = "";
  #mapped = 0;
  #repacked = 0;
  #weights = 0;
  #context = 0;
  #vram = 0;
  #isOnGpu = false;
  #seen = false;

  /** @param text  the next part, cut anywhere */
  push(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#read(line);
  }

  /** Undefined when it said nothing, such as below another driver. */
  report(): LoadReport | undefined {
    if (!this.#seen) return undefined;
    return {
      // A mapped file still holds what was copied into another order; nobody reads it there again.
      weightsBytes: this.#weights - Math.min(this.#mapped, this.#repacked),
      contextBytes: this.#context,
      vramBytes: this.#vram,
      isOnGpu: this.#isOnGpu,
    };
  }

  #read(line: string): void {
    if (line.includes(beginLine)) {
      this.#mapped = this.#repacked = this.#weights = this.#context = this.#vram = 0;
      this.#isOnGpu = this.#seen = false;
    }
    const offloaded = offloadLine.exec(line);
    if (offloaded !== null) this.#isOnGpu = Number(offloaded[1]) > 0 && offloaded[1] === offloaded[2];
    const [, device = "", kind, size] = bufferLine.exec(line) ?? [];
    if (kind === undefined) return;
    this.#seen = true;
    const bytes = Math.round(Number(size) * mebibyte);
    if (kind === "model") this.#weights += bytes;
    else this.#context += bytes;
    if (device.endsWith("_Mapped")) this.#mapped += bytes;
    if (device.endsWith("_REPACK")) this.#repacked += bytes;
    if (!/^(CPU|AMX|BLAS)|_Host$/.test(device)) this.#vram += bytes;
  }
}
