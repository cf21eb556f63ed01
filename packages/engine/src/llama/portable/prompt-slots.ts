import type { LlamaContext, LlamaContextSequence, Token } from "node-llama-cpp";
import { EngineError } from "../../errors.ts";
import type { RequestTurn } from "../../ipc/messages.ts";
import { nextJob } from "../../slots/job.ts";

interface Slot {
  readonly sequence: LlamaContextSequence;
  /** Whose request it works on. */
  client: string | undefined;
  lastUse: number;
}

interface Waiting {
  readonly turn: RequestTurn;
  readonly number: number;
  readonly prompt: readonly Token[];
  readonly give: (slot: TakenSlot) => void;
}

export interface TakenSlot extends AsyncDisposable {
  readonly sequence: LlamaContextSequence;
}

/** The sequences of one context. A request gets the free one that remembers most of its prompt. */
export class PromptSlots {
  readonly #slots: readonly Slot[];
  #waiting: Waiting[] = [];
  #arrivals = 0;
  #clock = 0;

  constructor(context: LlamaContext, count: number) {
    this.#slots = Array.from({ length: count }, () => ({
      sequence: context.getSequence(),
      client: undefined,
      lastUse: 0,
    }));
  }

  /** Waits for a free slot in the order of `nextJob`. @throws EngineError `ABORTED` */
  take(prompt: readonly Token[], turn: RequestTurn, signal: AbortSignal): Promise<TakenSlot> {
    return new Promise<TakenSlot>((resolve, reject) => {
      const leave = () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        signal.removeEventListener("abort", aborted);
      };
      const aborted = () => {
        leave();
        reject(new EngineError("ABORTED", "the request was cancelled while it waited for a slot"));
      };
      const give = (slot: TakenSlot) => {
        leave();
        resolve(slot);
      };
      const waiting: Waiting = { turn, number: this.#arrivals++, prompt, give };
      this.#waiting.push(waiting);
      signal.addEventListener("abort", aborted, { once: true });
      if (signal.aborted) aborted();
      else this.#giveNext();
    });
  }

  #giveNext(): void {
    const running = new Map<string, number>();
    for (const { client } of this.#slots) {
      if (client !== undefined) running.set(client, (running.get(client) ?? 0) + 1);
    }
    const [first, ...others] = this.#slots.filter((slot) => slot.client === undefined);
    const next = nextJob(this.#waiting, running);
    if (first === undefined || next === undefined) return;
    const slot = others.reduce((best, candidate) => {
      const gain =
        commonPrefix(candidate.sequence.contextTokens, next.prompt) -
        commonPrefix(best.sequence.contextTokens, next.prompt);
      return gain > 0 || (gain === 0 && candidate.lastUse < best.lastUse) ? candidate : best;
    }, first);
    slot.client = next.turn.clientId;
    slot.lastUse = ++this.#clock;
    next.give({
      sequence: slot.sequence,
      [Symbol.asyncDispose]: async () => {
        slot.client = undefined;
        this.#giveNext();
      },
    });
  }
}

function commonPrefix(a: readonly Token[], b: readonly Token[]): number {
  const limit = Math.min(a.length, b.length);
  let length = 0;
  while (length < limit && a[length] === b[length]) length++;
  return length;
}
