import type { CompletionRequest, TokenEvent } from "../engine.ts";
import { EngineError } from "../errors.ts";
import { EventQueue } from "../event-queue.ts";
import type { RequestTurn } from "../ipc/messages.ts";
import { AnswerText } from "./answer-text.ts";
import { chooseSlot } from "./choose-slot.ts";
import { commonPrefix } from "./common-prefix.ts";
import type { DecodeContext } from "./decode-context.ts";
import { finishJob, takeToken } from "./finish-job.ts";
import { type Job, nextJob } from "./job.ts";
import { planBatch } from "./plan-batch.ts";
import { Slot } from "./slot.ts";
import { StateCache } from "./state-cache.ts";

/** What a slot may lose without being saved: it is read again faster. */
const worthSaving = 64;

/**
 * Continuous batching: every decode carries the next token of all running streams and a bounded part of the
 * prompts that are being read. Slots remember what they read, so that a prompt with a known beginning is
 * read from where it differs.
 */
export class SlotScheduler {
  readonly #context: DecodeContext;
  readonly #slots: readonly Slot[];
  readonly #cache: StateCache;
  #waiting: Job[] = [];
  #inDecode: readonly Slot[] = [];
  #isRunning = false;
  /** More conversations than slots: they are saved as soon as they pause, not when the next one waits. */
  #isCrowded = false;
  #jobs = 0;
  #uses = 0;

  constructor(context: DecodeContext, options: { readonly cacheBytes: number }) {
    this.#context = context;
    this.#slots = Array.from({ length: context.sequences }, (_, sequence) => new Slot(context, sequence));
    this.#cache = new StateCache(options.cacheBytes);
  }

  /** @throws EngineError `INVALID_REQUEST`, `PROMPT_TOO_LONG`, `INVALID_GRAMMAR`, `ABORTED` */
  async *complete(
    request: CompletionRequest,
    turn: RequestTurn,
    signal: AbortSignal,
  ): AsyncIterable<TokenEvent> {
    const prompt = this.#readPrompt(request);
    if (signal.aborted) throw aborted();
    const events = new EventQueue<TokenEvent>();
    const job: Job = { request, prompt, turn, events, number: this.#jobs++, cancelled: false };
    const cancel = () => this.#cancel(job);
    signal.addEventListener("abort", cancel, { once: true });
    this.#waiting.push(job);
    this.#wake();
    try {
      yield* events;
    } finally {
      signal.removeEventListener("abort", cancel);
      cancel();
    }
  }

  #readPrompt(request: CompletionRequest): readonly number[] {
    const prompt =
      typeof request.prompt === "string"
        ? this.#context.tokenize(request.prompt, true)
        : request.prompt.map((token) => this.#context.check(token));
    if (prompt.length === 0) throw new EngineError("INVALID_REQUEST", "the prompt is empty");
    const { contextTokens } = this.#context;
    if (prompt.length >= contextTokens) {
      throw new EngineError(
        "PROMPT_TOO_LONG",
        `the prompt has ${prompt.length} tokens and the context ${contextTokens}; shorten it or ask for a longer context`,
        { details: { promptTokens: prompt.length, contextTokens } },
      );
    }
    return prompt;
  }

  #cancel(job: Job): void {
    if (job.cancelled) return;
    job.cancelled = true;
    const reading = this.#inDecode.some((slot) => slot.job === job && slot.pending > 1);
    // Nobody waits for this part of the prompt any more; what others had in the same decode is run again.
    if (reading && !this.#context.isRecurrent) this.#context.abort();
    this.#wake();
  }

  #wake(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    // Everything that happens in one turn of the event loop is seen before the first decode.
    await Promise.resolve();
    for (;;) {
      this.#dropCancelled();
      this.#admit();
      if (!this.#slots.some(({ job }) => job !== undefined)) break;
      await this.#step();
    }
    this.#isRunning = false;
  }

  #dropCancelled(): void {
    for (const job of this.#waiting.filter(({ cancelled }) => cancelled)) job.events.end(aborted());
    this.#waiting = this.#waiting.filter(({ cancelled }) => !cancelled);
    for (const slot of this.#slots) if (slot.job?.cancelled) this.#release(slot, aborted());
  }

  #admit(): void {
    let deferred: readonly Job[] = [];
    for (;;) {
      const job = nextJob(
        this.#waiting.filter((candidate) => !deferred.includes(candidate)),
        this.#runningByClient(),
      );
      if (job === undefined) return;
      const choice = chooseSlot(this.#slots, job.prompt, this.#cache);
      if (choice === undefined) {
        deferred = [...deferred, job];
        if (this.#slots.every((slot) => slot.job !== undefined)) return;
        continue;
      }
      this.#waiting = this.#waiting.filter((candidate) => candidate !== job);
      try {
        this.#start(job, choice);
      } catch (error) {
        job.events.end(toError(error));
      }
    }
  }

  #runningByClient(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { job } of this.#slots) {
      if (job !== undefined) counts.set(job.turn.clientId, (counts.get(job.turn.clientId) ?? 0) + 1);
    }
    return counts;
  }

  #start(job: Job, { slot, source }: NonNullable<ReturnType<typeof chooseSlot>>): void {
    const startedAt = performance.now();
    const { request, prompt } = job;
    const sampler = this.#context.createSampler(request, prompt);
    try {
      const promptLogits = source !== undefined && "slot" in source ? source.slot.promptLogits : undefined;
      this.#makeRoom(slot, prompt, source !== undefined);
      if (source !== undefined) this.#bring(slot, source);
      slot.promptLogits = promptLogits ?? slot.promptLogits;
      const common = commonPrefix(slot.tokens, prompt);
      const kept = slot.keep(common);
      const isComplete = kept === prompt.length && slot.promptLogits?.length === kept;
      // Without the logits of its end, the last token must be read again.
      const cachedTokens = isComplete || kept < prompt.length ? kept : slot.keep(prompt.length - 1);
      slot.tokens = [...prompt];
      slot.job = job;
      slot.lastUse = ++this.#uses;
      job.run = { sampler, text: this.#answerText(request), startedAt, cachedTokens, generatedTokens: 0 };
    } catch (error) {
      sampler.free();
      throw error;
    }
  }

  /** Saves what a slot knows before another prompt takes its place. */
  #makeRoom(slot: Slot, prompt: readonly number[], isReplaced: boolean): void {
    const kept = isReplaced ? 0 : commonPrefix(slot.tokens, prompt);
    if (slot.held - kept < worthSaving) return;
    this.#isCrowded = true;
    if (!this.#cache.holds(slot.tokens)) this.#cache.save(slot.save());
  }

  #bring(slot: Slot, source: NonNullable<NonNullable<ReturnType<typeof chooseSlot>>["source"]>): void {
    if ("saved" in source) {
      this.#cache.touch(source.saved);
      slot.load(source.saved);
    } else {
      slot.load(source.slot.save());
    }
  }

  #answerText(request: CompletionRequest): AnswerText {
    const preserved = new Set<number>();
    for (const text of request.preservedTokens ?? []) {
      const [token, ...rest] = this.#context.tokenize(text, false);
      if (token !== undefined && rest.length === 0) preserved.add(token);
    }
    const piece = (token: number, special: boolean) => this.#context.piece(token, special);
    return new AnswerText({ stop: request.stop ?? [], piece, preserved });
  }

  async #step(): Promise<void> {
    const active = this.#slots.filter(({ job }) => job !== undefined);
    // The end of a prompt that was read before is known without reading anything.
    const ready = active.filter((slot) => slot.pending === 0);
    for (const slot of ready) this.#advance(slot, slot.promptLogits?.logits);
    if (ready.length > 0) return;
    const outputs = this.#fillBatch(active);
    this.#inDecode = [...outputs.keys()];
    let result: Awaited<ReturnType<DecodeContext["decode"]>>;
    try {
      result = await this.#context.decode();
    } catch (error) {
      for (const slot of outputs.keys()) {
        this.#release(slot, toError(error));
        slot.clear();
      }
      return;
    } finally {
      this.#inDecode = [];
    }
    this.#takeResult(result, outputs);
  }

  /** @returns the slots of the batch with the number of their tokens and the index of their logits */
  #fillBatch(
    active: readonly Slot[],
  ): Map<Slot, { readonly tokens: number; readonly output: number | undefined }> {
    const candidates = active.map((slot) => ({
      slot,
      pending: slot.pending,
      isInteractive: slot.job?.turn.priority !== "batch",
      number: slot.job?.number ?? 0,
    }));
    const outputs = new Map<Slot, { tokens: number; output: number | undefined }>();
    for (const { of, tokens } of planBatch(candidates, this.#context.batchTokens)) {
      const { slot } = of;
      slot.checkpointBefore(tokens);
      let output: number | undefined;
      for (let index = slot.held; index < slot.held + tokens; index++) {
        const isLast = index === slot.tokens.length - 1;
        const at = this.#context.add(slot.sequence, slot.tokens[index] ?? 0, index, isLast);
        if (isLast) output = at;
      }
      outputs.set(slot, { tokens, output });
    }
    return outputs;
  }

  #takeResult(
    result: "done" | "aborted" | "full",
    outputs: ReadonlyMap<Slot, { readonly tokens: number; readonly output: number | undefined }>,
  ): void {
    for (const [slot, { tokens, output }] of outputs) {
      switch (result) {
        case "done":
          slot.held += tokens;
          if (output !== undefined) this.#advance(slot, output);
          break;
        case "aborted":
          slot.rewind();
          break;
        case "full":
          this.#release(slot, new EngineError("INTERNAL", "the context has no room left for the next token"));
          slot.clear();
          break;
        default:
          result satisfies never;
      }
    }
  }

  /** Samples the next token of a slot whose tokens are all read. */
  #advance(slot: Slot, from: number | Float32Array | undefined): void {
    const { job } = slot;
    if (job?.run === undefined || from === undefined) return;
    if (job.cancelled) return;
    try {
      if (job.run.firstTokenAt === undefined) {
        slot.checkpointPromptEnd();
        if (typeof from === "number") {
          slot.promptLogits = { length: slot.held, logits: this.#context.logits(from) };
        }
      }
      const end = takeToken({ context: this.#context, slot, job, run: job.run, from });
      if (end === undefined) return;
      finishJob({ slot, job, run: job.run, end });
      this.#release(slot, undefined);
    } catch (error) {
      this.#release(slot, toError(error));
    }
  }

  #release(slot: Slot, error: Error | undefined): void {
    const { job } = slot;
    job?.run?.sampler.free();
    job?.events.end(error);
    slot.settle();
    if (this.#isCrowded && slot.held >= worthSaving && !this.#cache.holds(slot.tokens)) {
      this.#cache.save(slot.save());
    }
  }
}

function aborted(): EngineError {
  return new EngineError("ABORTED", "the request was cancelled");
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
