import type { LlamaContext, LlamaContextSequence, Token } from "node-llama-cpp";
import { EngineError } from "../../errors.ts";

interface Slot {
  readonly sequence: LlamaContextSequence;
  isFree: boolean;
  lastUse: number;
}

export interface TakenSlot extends AsyncDisposable {
  readonly sequence: LlamaContextSequence;
}

/** The sequences of one context. A request gets the free one that remembers most of its prompt. */
export class PromptSlots {
  readonly #slots: readonly Slot[];
  readonly #waiting: (() => void)[] = [];
  #clock = 0;

  constructor(context: LlamaContext, count: number) {
    this.#slots = Array.from({ length: count }, () => ({
      sequence: context.getSequence(),
      isFree: true,
      lastUse: 0,
    }));
  }

  /** Waits for a free slot, first come first served. @throws EngineError `ABORTED` */
  async take(prompt: readonly Token[], signal: AbortSignal): Promise<TakenSlot> {
    while (!this.#slots.some((slot) => slot.isFree)) await this.#wait(signal);
    const free = this.#slots.filter((slot) => slot.isFree);
    const slot = free.reduce((best, candidate) => {
      const gain =
        commonPrefix(candidate.sequence.contextTokens, prompt) -
        commonPrefix(best.sequence.contextTokens, prompt);
      return gain > 0 || (gain === 0 && candidate.lastUse < best.lastUse) ? candidate : best;
    });
    slot.isFree = false;
    slot.lastUse = ++this.#clock;
    return {
      sequence: slot.sequence,
      [Symbol.asyncDispose]: async () => {
        slot.isFree = true;
        this.#waiting.shift()?.();
      },
    };
  }

  async #wait(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const aborted = () => {
        this.#waiting.splice(this.#waiting.indexOf(wake), 1);
        reject(new EngineError("ABORTED", "the request was cancelled while it waited for a slot"));
      };
      const wake = () => {
        signal.removeEventListener("abort", aborted);
        resolve();
      };
      if (signal.aborted) return aborted();
      signal.addEventListener("abort", aborted, { once: true });
      this.#waiting.push(wake);
    });
  }
}

function commonPrefix(a: readonly Token[], b: readonly Token[]): number {
  const limit = Math.min(a.length, b.length);
  let length = 0;
  while (length < limit && a[length] === b[length]) length++;
  return length;
}
