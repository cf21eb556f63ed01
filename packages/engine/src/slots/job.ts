import type { CompletionRequest, TokenEvent } from "../engine.ts";
import type { EventQueue } from "../event-queue.ts";
import type { RequestTurn } from "../ipc/messages.ts";
import type { AnswerText } from "./answer-text.ts";
import type { TokenSampler } from "./decode-context.ts";
import type { DraftAcceptance } from "./draft-acceptance.ts";

/** One completion on its way through the slots. */
export interface Job {
  readonly request: CompletionRequest;
  readonly prompt: readonly number[];
  /** What making tokens of the prompt took, ms: a part of reading it. */
  readonly tokenizeMs: number;
  readonly turn: RequestTurn;
  readonly events: EventQueue<TokenEvent>;
  /** Order of arrival. */
  readonly number: number;
  cancelled: boolean;
  /** From here on there is a slot. */
  run?: JobRun;
}

export interface JobRun {
  readonly sampler: TokenSampler;
  readonly text: AnswerText;
  readonly startedAt: number;
  readonly cachedTokens: number;
  firstTokenAt?: number;
  generatedTokens: number;
  readonly acceptance: DraftAcceptance;
  draftedTokens: number;
  acceptedTokens: number;
  /** The next token of a draft. */
  expected?: number | undefined;
}

type Waiting = Pick<Job, "turn" | "number">;

/**
 * Who is next: interactive before batch, then the client with the fewest running jobs, then first come.
 * @param running  jobs per client that have a slot
 */
export function nextJob<TJob extends Waiting>(
  waiting: readonly TJob[],
  running: ReadonlyMap<string, number>,
): TJob | undefined {
  let best: TJob | undefined;
  for (const job of waiting) if (best === undefined || goesBefore(job, best, running)) best = job;
  return best;
}

function goesBefore(a: Waiting, b: Waiting, running: ReadonlyMap<string, number>): boolean {
  const rank = (job: Waiting) => (job.turn.priority === "interactive" ? 0 : 1);
  const load = (job: Waiting) => running.get(job.turn.clientId) ?? 0;
  return rank(a) - rank(b) < 0 || (rank(a) === rank(b) && (load(a) - load(b) || a.number - b.number) < 0);
}

/** How many of these jobs each client has. */
export function runningByClient(running: readonly Pick<Job, "turn">[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { turn } of running) counts.set(turn.clientId, (counts.get(turn.clientId) ?? 0) + 1);
  return counts;
}
