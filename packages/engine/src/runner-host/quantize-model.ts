import { EngineError } from "../errors.ts";
import { loadReason } from "./exit-reason.ts";
import { type ChildOptions, startChild } from "./start-child.ts";

export interface QuantizeTask {
  readonly input: string;
  readonly output: string;
  /** llama.cpp's number. */
  readonly fileType: number;
  /** 0 = all. */
  readonly threads: number;
  readonly signal?: AbortSignal;
  /** Tensors done, of how many. */
  readonly onProgress: (done: number, total: number) => void;
}

/** llama.cpp tells of each tensor as it begins it. */
const tensorLine = /\[ *(\d+)\/ *(\d+)\]/g;

/**
 * Quantizes in a child process of its own: it needs much memory for a while, and a broken file may end it.
 * @throws EngineError `INTERNAL`, `ABORTED`
 */
export async function quantizeModel(child: ChildOptions, task: QuantizeTask): Promise<void> {
  const { input, output, fileType, threads, signal, onProgress } = task;
  if (signal?.aborted) throw aborted();
  const runner = startChild(child);
  const kill = () => runner.kill();
  signal?.addEventListener("abort", kill, { once: true });
  let last = 0;
  let total = 0;
  runner.onOutput((text) => {
    for (const [, tensor, of] of text.matchAll(tensorLine)) {
      last = Number(tensor);
      total = Number(of);
    }
    if (total > 0) onProgress(Math.max(0, last - 1), total);
  });
  try {
    await runner.requests.greeted;
    await runner.requests.request({ type: "quantize", input, output, fileType, threads });
    if (total > 0) onProgress(total, total);
  } catch (cause) {
    if (signal?.aborted) throw aborted();
    await runner.stop();
    const reason = loadReason(runner.output());
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError("INTERNAL", `the model could not be quantized: ${reason || text}`, {
      cause,
    });
  } finally {
    signal?.removeEventListener("abort", kill);
    await runner.stop();
  }
}

function aborted(): EngineError {
  return new EngineError("ABORTED", "quantizing was cancelled");
}
