import type { Logprob, ToolCall } from "@puna/protocol";
import { type DebugInfo, toDebugInfo } from "../../services/debug-info.ts";
import { droppedNote } from "../../services/dropped-note.ts";
import type { AnswerPart, GenerationEvent } from "../../services/generation-event.ts";
import { printArguments } from "../print-arguments.ts";

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export const noUsage: Usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/** What every reply of one request has in common. */
export interface ReplyHead {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
}

const fingerprint = "fp_ollama";

/** The whole answer as one object. Choices come from `n` runs. */
export function toChatCompletion(head: ReplyHead, answers: readonly CollectedAnswer[]) {
  return {
    id: head.id,
    object: "chat.completion",
    created: head.created,
    model: head.model,
    system_fingerprint: fingerprint,
    choices: answers.map((answer, index) => ({
      index,
      message: {
        role: answer.rendered === undefined ? "assistant" : "",
        content: answer.content,
        ...(answer.thinking !== "" && { reasoning: answer.thinking }),
        ...(answer.toolCalls.length > 0 && { tool_calls: answer.toolCalls.map(toWireCall) }),
      },
      finish_reason: toFinishReason(answer.finish, answer.toolCalls.length > 0),
      ...(answer.logprobs.length > 0 && { logprobs: { content: answer.logprobs } }),
    })),
    usage: sumUsage(answers),
    ...(answers[0]?.rendered !== undefined && { _debug_info: answers[0].rendered }),
    ...droppedNote(Math.max(0, ...answers.map(({ droppedMessages }) => droppedMessages))),
  };
}

/** One run, collected. */
export interface CollectedAnswer {
  readonly content: string;
  readonly thinking: string;
  readonly toolCalls: readonly ToolCall[];
  readonly logprobs: readonly Logprob[];
  /** `stop`, `length`, `load`, …; undefined when the engine never said. */
  readonly finish: string | undefined;
  readonly usage: Usage;
  readonly droppedMessages: number;
  /** The prompt, where only that was asked for. */
  readonly rendered?: DebugInfo;
}

export async function collectAnswer(events: AsyncIterable<GenerationEvent>): Promise<CollectedAnswer> {
  let [content, thinking] = ["", ""];
  const toolCalls: ToolCall[] = [];
  const logprobs: Logprob[] = [];
  let finish: string | undefined;
  let usage = noUsage;
  let droppedMessages = 0;
  let rendered: DebugInfo | undefined;
  for await (const event of events) {
    if (event.type === "model-load" || event.type === "model-unload") finish = finishOf(event);
    if (event.type === "prompt-render") rendered = toDebugInfo(event);
    if (event.type !== "answer-delta" && event.type !== "generation-end") continue;
    content += event.content;
    thinking += event.thinking;
    toolCalls.push(...event.toolCalls);
    logprobs.push(...(event.logprobs ?? []));
    if (event.type !== "generation-end") continue;
    [finish, usage] = [finishOf(event), toUsage(event)];
    droppedMessages = event.droppedMessages;
  }
  const answer = { content, thinking, toolCalls, logprobs, finish, usage, droppedMessages };
  return rendered === undefined ? answer : { ...answer, rendered };
}

/** Streams one run as chunks; the finish chunk is the last. Usage goes to `onUsage`. */
export async function* toChatChunks(
  head: ReplyHead,
  index: number,
  events: AsyncIterable<GenerationEvent>,
  onUsage: (usage: Usage) => void,
) {
  let isFirst = true;
  let calledTools = false;
  const chunk = (delta: object, finish: string | null, logprobs?: readonly Logprob[]) => ({
    id: head.id,
    object: "chat.completion.chunk",
    created: head.created,
    model: head.model,
    system_fingerprint: fingerprint,
    choices: [
      {
        index,
        delta,
        finish_reason: finish,
        ...(logprobs !== undefined && logprobs.length > 0 && { logprobs: { content: logprobs } }),
      },
    ],
  });
  const role = () => {
    const first = isFirst ? { role: "assistant" } : {};
    isFirst = false;
    return first;
  };
  for await (const event of events) {
    if (event.type === "prompt-render" || event.type === "generation-start") continue;
    const isEnd = event.type !== "answer-delta";
    const part = event.type === "model-load" || event.type === "model-unload" ? undefined : event;
    if (part !== undefined) calledTools ||= part.toolCalls.length > 0;
    if (part !== undefined && (!isEnd || isFirst || hasText(part))) {
      for (const delta of toDeltas(part)) yield chunk({ ...role(), ...delta }, null, part.logprobs);
    }
    if (!isEnd) continue;
    if (isFirst) yield chunk({ ...role(), content: "" }, null);
    yield {
      ...chunk({}, toFinishReason(finishOf(event), calledTools)),
      ...droppedNote(event.type === "generation-end" ? event.droppedMessages : 0),
    };
    if (event.type === "generation-end") onUsage(toUsage(event));
  }
}

export function toUsageChunk(head: ReplyHead, usage: Usage) {
  return {
    id: head.id,
    object: "chat.completion.chunk",
    created: head.created,
    model: head.model,
    system_fingerprint: fingerprint,
    choices: [],
    usage,
  };
}

/** Thinking and answer in one piece become two deltas, so that clients see where one ends. */
function toDeltas(part: AnswerPart): object[] {
  const calls = part.toolCalls.length > 0 ? { tool_calls: part.toolCalls.map(toWireCall) } : {};
  if (part.thinking === "") return [{ content: part.content, ...calls }];
  const reasoning = { reasoning: part.thinking };
  return hasAnswer(part) ? [reasoning, { content: part.content, ...calls }] : [{ content: "", ...reasoning }];
}

function hasText(part: AnswerPart): boolean {
  return part.thinking !== "" || hasAnswer(part) || part.logprobs !== undefined;
}

function hasAnswer(part: AnswerPart): boolean {
  return part.content !== "" || part.toolCalls.length > 0;
}

function toWireCall({ id, function: { index, name, arguments: args } }: ToolCall) {
  return {
    id: id ?? "",
    index: index ?? 0,
    type: "function",
    function: { name, arguments: printArguments(args) },
  };
}

export function finishOf(event: GenerationEvent): string | undefined {
  if (event.type === "model-load") return "load";
  if (event.type === "model-unload") return "unload";
  return event.type === "generation-end" ? event.reason : undefined;
}

/** A reply that went in circles was cut short, which OpenAI's clients know as `length`. */
export function toFinishReason(finish: string | undefined, calledTools: boolean): string | null {
  if (finish === undefined) return null;
  if (finish === "repeat") return "length";
  return calledTools && finish === "stop" ? "tool_calls" : finish;
}

export function toUsage(event: Extract<GenerationEvent, { type: "generation-end" }>): Usage {
  const { promptTokens, generatedTokens } = event.metrics;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: generatedTokens,
    total_tokens: promptTokens + generatedTokens,
  };
}

/** A prompt is paid once, however many answers it gets. @param perPrompt  how many answers in a row share one */
export function sumUsage(answers: readonly { readonly usage: Usage }[], perPrompt = answers.length): Usage {
  const prompts = answers.filter((_, index) => index % perPrompt === 0);
  const prompt = prompts.reduce((sum, { usage }) => sum + usage.prompt_tokens, 0);
  const completion = answers.reduce((sum, { usage }) => sum + usage.completion_tokens, 0);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}
