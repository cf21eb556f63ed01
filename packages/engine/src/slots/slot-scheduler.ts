import type { CompletionRequest, TokenEvent } from "../engine.ts";
import { EngineError } from "../errors.ts";
import { EventQueue } from "../event-queue.ts";
import type { RequestTurn } from "../ipc/messages.ts";
import { answerText } from "./answer-text.ts";
import { forgets } from "./checkpoint.ts";
import { chooseSlot, type SlotChoice } from "./choose-slot.ts";
import { commonPrefix } from "./common-prefix.ts";
import type { DecodeContext, DecodeResult } from "./decode-context.ts";
import { DraftAcceptance } from "./draft-acceptance.ts";
import type { Draft } from "./draft-planner.ts";
import { Drafts } from "./drafts.ts";
import { fillBatch, logitsOf, type Outputs } from "./fill-batch.ts";
import { finishJob, takeToken } from "./finish-job.ts";
import { type Job, nextJob, runningByClient } from "./job.ts";
import { readPrompt } from "./read-prompt.ts";
import { Slot } from "./slot.ts";
import { SlotMemory } from "./slot-memory.ts";
import type { StateStore } from "./state-store.ts";

export interface SlotSchedulerOptions {
  /** Bound of saved sequences and of the slots' checkpoints together. */
  readonly cacheBytes: number;
  /** Where sequences outlive this process. */
  readonly store?: StateStore;
}

/**
 * Continuous batching: every decode carries the next token of all running streams and a bounded part of the
 * prompts that are being read. Slots remember what they read, so that a prompt with a known beginning is
 * read from where it differs. Whatever fails in a slot fails its own request only.
 */
export class SlotScheduler {
  readonly #context: DecodeContext;
  readonly #slots: readonly Slot[];
  readonly #memory: SlotMemory;
  readonly #drafts: Drafts;
  #waiting: Job[] = [];
  #inDecode: readonly Slot[] = [];
  /** A decode of these together failed: each is run by itself, to find whose fault it was. */
  #suspects: readonly Slot[] = [];
  #isRunning = false;
  #jobs = 0;
  #uses = 0;

  constructor(context: DecodeContext, { cacheBytes, store }: SlotSchedulerOptions) {
    this.#context = context;
    // Models that forget need checkpoints while they run as much as saved conversations.
    const checkpointBytes = forgets(context) ? Math.floor(cacheBytes / 2) : 0;
    const { sequences } = context;
    this.#slots = Array.from(
      { length: sequences },
      (_, sequence) => new Slot(context, sequence, Math.floor(checkpointBytes / sequences)),
    );
    this.#drafts = new Drafts(context);
    this.#memory = new SlotMemory(cacheBytes - checkpointBytes, store);
  }

  /** Before the process ends: what the slots know outlives it, where there is a store. */
  retire(): void {
    this.#memory.retire(this.#slots);
  }

  /** @throws EngineError `INVALID_REQUEST`, `PROMPT_TOO_LONG`, `INVALID_GRAMMAR`, `ABORTED` */
  async *complete(
    request: CompletionRequest,
    turn: RequestTurn,
    signal: AbortSignal,
  ): AsyncIterable<TokenEvent> {
    const begun = performance.now();
    const prompt = readPrompt(this.#context, request);
    const tokenizeMs = performance.now() - begun;
    if (signal.aborted) throw aborted();
    const events = new EventQueue<TokenEvent>();
    const number = this.#jobs++;
    const job: Job = { request, prompt, tokenizeMs, turn, events, number, cancelled: false };
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
      try {
        this.#dropCancelled();
        this.#admit();
        if (this.#running.length === 0) break;
        await this.#step();
      } catch (error) {
        // Nobody knows whose fault it was. The process lives on for the next requests.
        this.#failAll(toError(error));
      }
    }
    this.#isRunning = false;
  }

  get #running(): readonly Slot[] {
    return this.#slots.filter(({ job }) => job !== undefined);
  }

  #failAll(error: Error): void {
    for (const job of this.#waiting) job.events.end(error);
    this.#waiting = [];
    this.#suspects = [];
    for (const slot of this.#slots) this.#abandon(slot, error);
  }

  #dropCancelled(): void {
    for (const job of this.#waiting.filter(({ cancelled }) => cancelled)) job.events.end(aborted());
    this.#waiting = this.#waiting.filter(({ cancelled }) => !cancelled);
    for (const slot of this.#slots) if (slot.job?.cancelled) this.#release(slot, aborted());
  }

  #admit(): void {
    for (const slot of this.#slots) if (slot.isBroken) slot.abandon();
    if (this.#waiting.length > 0 && this.#slots.every(({ isBroken }) => isBroken)) {
      throw new EngineError("INTERNAL", "no sequence of the context can be used any more");
    }
    let deferred: readonly Job[] = [];
    for (;;) {
      const job = nextJob(
        this.#waiting.filter((candidate) => !deferred.includes(candidate)),
        runningByClient(this.#slots.flatMap(({ job }) => job ?? [])),
      );
      if (job === undefined) return;
      if (this.#slots.every((slot) => slot.job !== undefined || slot.isBroken)) return;
      this.#memory.recall(job.prompt, this.#slots);
      const choice = chooseSlot(this.#slots, job.prompt, this.#memory.cache);
      if (choice === undefined) {
        deferred = [...deferred, job];
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

  #start(job: Job, { slot, source }: SlotChoice): void {
    const startedAt = performance.now() - job.tokenizeMs;
    const { request, prompt } = job;
    const text = answerText(this.#context, request);
    const sampler = this.#context.createSampler(request, prompt);
    try {
      const promptLogits = source !== undefined && "slot" in source ? source.slot.promptLogits : undefined;
      this.#memory.makeRoom(slot, prompt, source !== undefined);
      if (source !== undefined) this.#memory.bring(slot, source);
      if (slot.held > 0) slot.promptLogits = promptLogits ?? slot.promptLogits;
      const common = commonPrefix(slot.tokens, prompt);
      const kept = slot.keep(common);
      const isComplete = kept === prompt.length && slot.promptLogits?.length === kept;
      // Without the logits of its end, the last token must be read again.
      const cachedTokens = isComplete || kept < prompt.length ? kept : slot.keep(prompt.length - 1);
      slot.tokens = [...prompt];
      slot.job = job;
      slot.lastUse = ++this.#uses;
      job.run = {
        sampler,
        text,
        startedAt,
        cachedTokens,
        generatedTokens: 0,
        acceptance: new DraftAcceptance(),
        draftedTokens: 0,
        acceptedTokens: 0,
      };
    } catch (error) {
      slot.abandon();
      sampler.free();
      throw error;
    }
  }

  async #step(): Promise<void> {
    const active = this.#nextSlots();
    // The end of a prompt that was read before is known without reading anything.
    const ready = active.filter((slot) => slot.pending === 0);
    for (const slot of ready) this.#advance(slot, slot.promptLogits?.logits);
    if (ready.length > 0) return;
    const draft = this.#drafts.plan(this.#running);
    if (draft !== undefined && this.#drafts.isUnproven(draft)) return this.#prove(active, draft);
    const outputs = this.#fillBatch(active, draft);
    const begun = performance.now();
    const result = await this.#decode(outputs);
    if (result !== undefined) this.#drafts.record(outputs, performance.now() - begun);
    this.#takeResult(result, outputs);
  }

  /**
   * Reads a token alone and then with a draft. Only if that gives the same are drafts of this length used. How long it
   * takes tells nothing: the first decode of a size also makes room for its results.
   */
  async #prove(active: readonly Slot[], draft: Draft): Promise<void> {
    const single = this.#fillBatch(active, undefined);
    const first = await this.#decode(single);
    const isWanted = active.every(({ job }) => job?.cancelled === false);
    if (first !== "done" || !isWanted) return this.#takeResult(first, single);
    const alone = logitsOf(this.#context, single);
    for (const slot of active) this.#rewind(slot, 1);
    if (alone === undefined || active.some(({ pending }) => pending !== 1)) return this.#drafts.giveUp();
    const both = this.#fillBatch(active, draft);
    const second = await this.#decode(both);
    if (second !== "done") return this.#takeResult(second, both);
    const together = logitsOf(this.#context, both);
    if (together === undefined) this.#drafts.giveUp();
    else if (this.#drafts.prove(draft, alone, together)) return this.#takeResult(second, both);
    for (const slot of active) this.#rewind(slot, 1 + draft.tokens.length);
  }

  /** @returns undefined when it failed, and those who were in it know */
  async #decode(outputs: Outputs): Promise<DecodeResult | undefined> {
    this.#inDecode = [...outputs.keys()];
    try {
      return await this.#context.decode();
    } catch (error) {
      this.#decodeFailed(outputs, toError(error));
      return undefined;
    } finally {
      this.#inDecode = [];
    }
  }

  /** All that have a job, or the first of those whose last decode failed. */
  #nextSlots(): readonly Slot[] {
    const [first, ...rest] = this.#suspects.filter(({ job }) => job !== undefined);
    this.#suspects = rest;
    return first === undefined ? this.#running : [first];
  }

  /** One alone has failed by itself. Of several, each is run again alone. */
  #decodeFailed(outputs: Outputs, error: Error): void {
    const slots = [...outputs.keys()];
    if ([...outputs.values()].some(({ draft }) => draft !== undefined)) {
      this.#drafts.giveUp();
      for (const slot of slots) this.#rewind(slot);
      return;
    }
    if (slots.length === 1) {
      for (const slot of slots) this.#abandon(slot, error);
      return;
    }
    for (const slot of slots) this.#rewind(slot);
    this.#suspects = slots;
  }

  #rewind(slot: Slot, read = this.#context.batchTokens): void {
    this.#guard(slot, () => slot.rewind(read));
  }

  #guard(slot: Slot, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#abandon(slot, toError(error));
    }
  }

  #fillBatch(active: readonly Slot[], draft: Draft | undefined): Outputs {
    return fillBatch(this.#context, active, {
      draft,
      failed: (slot, error) => this.#abandon(slot, toError(error)),
    });
  }

  #takeResult(result: DecodeResult | undefined, outputs: Outputs): void {
    switch (result) {
      case undefined:
        break;
      case "done":
        for (const [slot, { tokens, output, draft }] of outputs) {
          slot.held += tokens;
          if (output === undefined) continue;
          if (draft === undefined) this.#advance(slot, output);
          else this.#advanceWith(draft, slot, output);
        }
        break;
      case "aborted":
        for (const slot of outputs.keys()) this.#rewind(slot);
        break;
      case "full":
        this.#decodeFailed(
          outputs,
          new EngineError("INTERNAL", "the context has no room left for the next token"),
        );
        break;
      default:
        result satisfies never;
    }
  }

  /** Samples as many tokens as were rightly guessed, and the one after them. */
  #advanceWith({ tokens, matchLength }: Draft, slot: Slot, output: number): void {
    const { job } = slot;
    if (job?.run === undefined) return;
    const { run } = job;
    slot.try(tokens.length);
    run.draftedTokens += tokens.length;
    const before = run.acceptedTokens;
    for (let at = 0; ; at++) {
      run.expected = tokens[at];
      this.#advance(slot, output + at);
      const isAccepted = run.acceptedTokens - before > at;
      if (!isAccepted || slot.job !== job) break;
      slot.acceptTried();
    }
    run.expected = undefined;
    this.#guard(slot, () => slot.dropTried());
    // A cut that was refused cost the whole prompt.
    if (slot.job === job && slot.pending > 1) this.#drafts.giveUp();
    run.acceptance.record(matchLength, tokens.length, run.acceptedTokens - before);
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
      // What the request itself brought about leaves the sequence as it was.
      if (EngineError.is(error)) this.#release(slot, error);
      else this.#abandon(slot, toError(error));
    }
  }

  #release(slot: Slot, error: Error | undefined): void {
    end(slot.job, error);
    slot.settle();
    this.#memory.remember(slot);
  }

  /** Ends the request and forgets the sequence. */
  #abandon(slot: Slot, error: Error): void {
    end(slot.job, error);
    slot.abandon();
  }
}

function end(job: Job | undefined, error: Error | undefined): void {
  try {
    job?.run?.sampler.free();
    job?.events.end(error);
  } catch (cause) {
    job?.events.end(error ?? toError(cause));
  }
}

function aborted(): EngineError {
  return new EngineError("ABORTED", "the request was cancelled");
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
