import { PunaError } from "../errors.ts";
import { mapConcurrently } from "../map-concurrently.ts";
import type { CallOptions } from "../transport.ts";
import type { ChatRequest, ChatResponse, Message, MessageInput, ToolCall } from "../types.ts";
import type { AgentTool } from "./define-tool.ts";
import type { AgentEvent, AgentResult, StopReason } from "./events.ts";

/**
 * A conversation, functions that the model may call, and limits. The rest (`model`, `options`, `think`, `keep_alive`, …)
 * is that of a chat request.
 */
export interface AgentRequest extends Omit<ChatRequest, "stream" | "tools" | "format" | "messages"> {
  readonly messages: readonly MessageInput[];
  readonly tools: readonly AgentTool[];
  /** Requests to the model; 10 by default. */
  readonly maxSteps?: number;
  /** Calls of the whole run; 100 by default. */
  readonly maxToolCalls?: number;
  /** Calls at the same time; 4 by default. 1 runs them one after the other. */
  readonly maxParallelCalls?: number;
  /** Longest time of one call; absent = no limit. */
  readonly toolTimeoutMs?: number;
}

/** Sends one request and gives the messages of its streamed answer. */
type Chat = (
  request: ChatRequest & { readonly stream: true },
  options?: CallOptions,
) => Promise<AsyncIterable<ChatResponse>>;

/** Lets the model answer and call until it calls no more; gives events on the way and the result as its last. */
export async function* runAgent(
  chat: Chat,
  request: AgentRequest,
  options: CallOptions = {},
): AsyncGenerator<AgentEvent, AgentResult, undefined> {
  const {
    tools,
    maxSteps = 10,
    maxToolCalls = 100,
    maxParallelCalls = 4,
    toolTimeoutMs,
    messages: given,
    ...rest
  } = request;
  const messages: MessageInput[] = [...given];
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const totals = { steps: 0, toolCalls: 0, promptTokens: 0, answerTokens: 0 };
  let text = "";
  let stopReason: StopReason = "step-limit";

  const ended = new AbortController();
  const signal =
    options.signal === undefined ? ended.signal : AbortSignal.any([ended.signal, options.signal]);

  try {
    while (totals.steps < maxSteps) {
      const step = ++totals.steps;
      yield { type: "step-start", step };
      const definitions = tools.map(({ definition }) => definition);
      const chunks = await chat(
        { ...rest, messages: [...messages], tools: definitions, stream: true },
        options,
      );
      const response = yield* readStep(chunks, step);
      yield { type: "step-end", step, response };
      totals.promptTokens += response.prompt_eval_count ?? 0;
      totals.answerTokens += response.eval_count ?? 0;
      messages.push(response.message);
      const calls = response.message.tool_calls ?? [];
      text = calls.length === 0 ? response.message.content : "";
      if (calls.length === 0) {
        stopReason = "answered";
        break;
      }
      if (totals.toolCalls + calls.length > maxToolCalls) {
        stopReason = "call-limit";
        break;
      }
      totals.toolCalls += calls.length;
      const outcomes = mapConcurrently(calls, maxParallelCalls, (call) =>
        callTool(call, byName, toolTimeoutMs, signal),
      );
      const answers: Message[] = [];
      for await (const { index, value } of outcomes) {
        options.signal?.throwIfAborted();
        yield { ...value.event, step };
        answers[index] = value.message;
      }
      // In the order of the calls, whichever ended first.
      messages.push(...answers);
    }
  } finally {
    // Also where the caller left the loop: functions still running are told to stop.
    ended.abort();
  }
  // Pictures given as bytes stay as they were given; everything else has the wire form already.
  const result: AgentResult = { text, stopReason, messages: messages as Message[], ...totals };
  yield { type: "run-end", result };
  return result;
}

/** Passes an answer on piece by piece. @returns its last message, with all of its text and calls */
async function* readStep(
  chunks: AsyncIterable<ChatResponse>,
  step: number,
): AsyncGenerator<AgentEvent, ChatResponse, undefined> {
  const joined = { thinking: "", content: "" };
  const calls: ToolCall[] = [];
  let last: ChatResponse | undefined;
  for await (const chunk of chunks) {
    const { thinking = "", content, tool_calls = [] } = chunk.message;
    joined.thinking += thinking;
    joined.content += content;
    if (thinking !== "") yield { type: "thinking-delta", step, text: thinking };
    if (content !== "") yield { type: "text-delta", step, text: content };
    for (const call of tool_calls) {
      calls.push(call);
      yield { type: "tool-call", step, call };
    }
    last = chunk;
  }
  if (last === undefined) throw new PunaError("STREAM_CUT", "The answer of the model was empty");
  return {
    ...last,
    message: {
      ...last.message,
      role: "assistant",
      content: joined.content,
      ...(joined.thinking !== "" && { thinking: joined.thinking }),
      ...(calls.length > 0 && { tool_calls: calls }),
    },
  };
}

type CallEvent =
  | { readonly type: "tool-result"; readonly call: ToolCall; readonly result: unknown }
  | { readonly type: "tool-error"; readonly call: ToolCall; readonly error: unknown };

async function callTool(
  call: ToolCall,
  tools: ReadonlyMap<string, AgentTool>,
  timeoutMs: number | undefined,
  signal: AbortSignal,
): Promise<{ readonly event: CallEvent; readonly message: Message }> {
  const { name } = call.function;
  const answer = (content: string): Message => ({
    role: "tool",
    content,
    tool_name: name,
    ...(call.id !== undefined && { tool_call_id: call.id }),
  });
  try {
    const tool = tools.get(name);
    if (tool === undefined)
      throw new Error(`There is no tool "${name}"; there are: ${[...tools.keys()].join(", ")}`);
    const result = await withLimit(timeoutMs, signal, (limited) =>
      tool.call(call.function.arguments, { signal: limited }),
    );
    const content = typeof result === "string" ? result : (JSON.stringify(result) ?? "");
    return { event: { type: "tool-result", call, result }, message: answer(content) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { event: { type: "tool-error", call, error }, message: answer(`Error: ${reason}`) };
  }
}

/** Ends the wait, and aborts the work's own signal, when the time is over or the outer signal says so. */
async function withLimit<T>(
  timeoutMs: number | undefined,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort(outer.reason);
  outer.addEventListener("abort", stop, { once: true });
  if (outer.aborted) stop();
  const timeout = () =>
    controller.abort(new PunaError("TIMEOUT", `The tool took longer than ${timeoutMs} ms`));
  const timer = timeoutMs === undefined ? undefined : setTimeout(timeout, timeoutMs);
  try {
    const { signal } = controller;
    return await new Promise<T>((resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      work(signal).then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
    outer.removeEventListener("abort", stop);
  }
}
