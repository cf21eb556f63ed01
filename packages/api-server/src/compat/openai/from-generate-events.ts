import type { Logprob } from "@puna/protocol";
import type { GenerationEvent } from "../../services/generation-event.ts";
import {
  type CollectedAnswer,
  finishOf,
  noUsage,
  type ReplyHead,
  toFinishReason,
  toUsage,
  type Usage,
} from "./from-chat-events.ts";

const fingerprint = "fp_ollama";

/** What the legacy route says about tokens. */
interface LegacyLogprobs {
  readonly tokens: readonly string[];
  readonly token_logprobs: readonly number[];
  readonly top_logprobs: readonly Readonly<Record<string, number>>[] | null;
  readonly text_offset: readonly number[];
}

export interface TextAnswer extends CollectedAnswer {
  /** Text put before the answer (`echo`). */
  readonly prefix: string;
}

export function toTextCompletion(head: ReplyHead, answers: readonly TextAnswer[], usage: Usage) {
  return {
    id: head.id,
    object: "text_completion",
    created: head.created,
    model: head.model,
    system_fingerprint: fingerprint,
    choices: answers.map((answer, index) => ({
      text: answer.prefix + answer.content,
      index,
      ...toLegacyLogprobs(answer.logprobs, answer.prefix.length),
      finish_reason: toFinishReason(answer.finish, false),
    })),
    usage,
  };
}

/** Streams one run; each chunk carries zero usage when usage was asked for, as Ollama does. */
export async function* toTextChunks(
  head: ReplyHead,
  choice: { readonly index: number; readonly prefix: string; readonly withUsage: boolean },
  events: AsyncIterable<GenerationEvent>,
  onUsage: (usage: Usage) => void,
) {
  let prefix = choice.prefix;
  let offset = 0;
  for await (const event of events) {
    if (event.type === "prompt-render" || event.type === "generation-start") continue;
    const hasPart = event.type === "answer-delta" || event.type === "generation-end";
    const text = prefix + (hasPart ? event.content : "");
    const logprobs = toLegacyLogprobs(hasPart ? (event.logprobs ?? []) : [], offset + prefix.length);
    prefix = "";
    offset += text.length;
    const finish = event.type === "answer-delta" ? null : toFinishReason(finishOf(event), false);
    yield toTextChunk(
      head,
      [{ text, index: choice.index, ...logprobs, finish_reason: finish }],
      choice.withUsage ? noUsage : undefined,
    );
    if (event.type === "generation-end") onUsage(toUsage(event));
  }
}

export function toTextChunk(head: ReplyHead, choices: readonly object[], usage: Usage | undefined) {
  return {
    id: head.id,
    object: "text_completion",
    created: head.created,
    choices,
    model: head.model,
    system_fingerprint: fingerprint,
    ...(usage !== undefined && { usage }),
  };
}

function toLegacyLogprobs(logprobs: readonly Logprob[], start: number): { logprobs?: LegacyLogprobs } {
  if (logprobs.length === 0) return {};
  let offset = start;
  const offsets = logprobs.map(({ token }) => {
    const at = offset;
    offset += token.length;
    return at;
  });
  const hasTop = logprobs.some(({ top_logprobs: top }) => top !== undefined);
  return {
    logprobs: {
      tokens: logprobs.map(({ token }) => token),
      token_logprobs: logprobs.map(({ logprob }) => logprob),
      top_logprobs: hasTop
        ? logprobs.map(({ top_logprobs: top = [] }) =>
            Object.fromEntries(top.map((item) => [item.token, item.logprob])),
          )
        : null,
      text_offset: offsets,
    },
  };
}
