import { randomInt } from "node:crypto";
import type { ModelLease } from "@puna/engine";
import type { Conversation } from "@puna/model-format";
import { type Message, parseFormat, type ThinkValue, type Tool, type ToolCall } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";
import type { KnownModel } from "../models/model-catalog.ts";
import { forcedCallGrammar, formatGrammar } from "./answer-grammar.ts";
import { buildCompletion } from "./build-completion.ts";
import { fitMessages } from "./fit-messages.ts";
import { ForcedCallParser } from "./forced-call-parser.ts";
import type { AnswerPart, GenerationEvent } from "./generation-event.ts";
import type { ChatSettings, RequestScope } from "./generation-request.ts";
import type { FullOptions } from "./read-options.ts";
import { refuseImages } from "./refuse-images.ts";
import { type AnswerEvent, runAnswer } from "./run-answer.ts";
import { toMetrics } from "./to-metrics.ts";

export interface Turn {
  readonly known: KnownModel;
  readonly lease: ModelLease;
  readonly options: FullOptions;
  readonly scope: RequestScope;
  readonly settings: ChatSettings;
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly think: ThinkValue | undefined;
  readonly loadedAtMs: number;
}

/** Renders, fits, generates and reads one answer of a loaded model. */
export async function* runTurn(dependencies: Dependencies, turn: Turn): AsyncGenerator<GenerationEvent> {
  const { known, settings, scope } = turn;
  const forced = forcedTools(turn);
  const { prompt, messages, droppedMessages } = await renderTurn(turn, turn.messages);
  if (settings.renderOnly === true) {
    yield { type: "prompt-render", prompt, imageCount: countImages(messages) };
    return;
  }
  yield { type: "generation-start" };
  const format = parseFormat(settings.format);
  refuseImages(known, countImages(messages));
  if (droppedMessages > 0) scope.warn(`${droppedMessages} messages were left out to fit the context`);
  const reading = {
    tools: turn.tools,
    think: turn.think,
    requestedThink: settings.think,
    lastMessage: messages.at(-1),
    prompt,
  };
  const parser = forced === undefined ? known.prompt.chatParser(reading) : new ForcedCallParser();
  const constraint = { strict: settings.strictFormat ?? false, warn: scope.warn };
  const grammar =
    settings.grammar ??
    (forced === undefined ? format && formatGrammar(format, constraint) : forcedCallGrammar(forced, scope));
  // Thinking must come out unconstrained, so the constraint waits for a second run that begins behind it.
  const canThink = known.capabilities.includes("thinking") && turn.think !== false;
  const waits = forced === undefined && format !== undefined && parser !== undefined && canThink;
  const budget = canThink ? settings.thinkBudget : undefined;
  if (budget !== undefined && !canInterrupt(known)) scope.warn("thinking.budget_tokens has no effect");
  const run = (text: string, rules: string | undefined, reader = parser) =>
    runCompletion({ turn, prompt: text, grammar: rules, parser: reader, signal: scope.signal });
  const finish = (event: Extract<AnswerEvent, { type: "answer-end" }>): GenerationEvent => ({
    ...event,
    type: "generation-end",
    ...(event.engineEnd?.stopSequence !== undefined && { stopSequence: event.engineEnd.stopSequence }),
    metrics: toMetrics(event, {
      arrivedAtMs: scope.arrivedAtMs,
      loadedAtMs: turn.loadedAtMs,
      nowMs: dependencies.now(),
    }),
    droppedMessages,
  });
  const mostThoughts = budget !== undefined && canInterrupt(known) ? budget : Infinity;
  let thinking = "";
  let thoughts = 0;
  let restart: "spoke" | "thought-enough" | undefined;
  for await (const event of run(prompt, waits ? undefined : grammar)) {
    thinking += event.thinking;
    if (event.thinking !== "") thoughts++;
    if (waits && event.content !== "") restart = "spoke";
    else if (thoughts >= mostThoughts && event.type === "answer-delta" && event.content === "")
      restart = "thought-enough";
    if (restart !== undefined) {
      const said: AnswerPart = { ...event, content: "", toolCalls: [] };
      if (said.thinking !== "") yield { ...said, type: "answer-delta" };
      break;
    }
    yield event.type === "answer-end" ? finish(event) : event;
  }
  if (restart === undefined) return;
  const thought: Message = { role: "assistant", content: "", ...(thinking !== "" && { thinking }) };
  const second = await renderTurn(turn, thinking === "" ? turn.messages : [...turn.messages, thought]);
  const opening = known.prompt.finalChannelOpening ?? "";
  const reader =
    restart === "spoke"
      ? parser
      : known.prompt.chatParser({ ...reading, lastMessage: thought, prompt: second.prompt });
  for await (const event of run(second.prompt + opening, grammar, reader)) {
    yield event.type === "answer-end" ? finish(event) : event;
  }
}

interface CompletionRun {
  readonly turn: Turn;
  readonly prompt: string;
  readonly grammar: string | undefined;
  readonly parser: ReturnType<KnownModel["prompt"]["chatParser"]>;
  readonly signal: AbortSignal;
}

async function* runCompletion({
  turn,
  prompt,
  grammar,
  parser,
  signal,
}: CompletionRun): AsyncGenerator<AnswerEvent> {
  const { known, lease, options, settings } = turn;
  const request = await buildCompletion(lease, {
    prompt,
    options,
    grammar,
    settings,
    gguf: known.gguf,
    preservedTokens: known.prompt.preservedTokens(turn.tools),
    leadingBos: known.prompt.leadingBos,
  });
  const answer = runAnswer({
    lease,
    request,
    parser,
    emitEmpty: parser === undefined,
    callsAtEnd: known.prompt.mode === "native",
    newCallId,
    signal,
  });
  if (settings.parallelToolCalls !== false) return yield* answer;
  for await (const event of answer) yield { ...event, toolCalls: event.toolCalls.filter(isFirst) };
}

function isFirst({ function: { index } }: ToolCall): boolean {
  return (index ?? 0) === 0;
}

async function renderTurn(turn: Turn, messages: readonly Message[]) {
  const { known, lease, options, settings, tools, think, scope } = turn;
  const conversation: Conversation = {
    messages,
    ...(tools.length > 0 && { tools }),
    ...(think !== undefined && { think }),
  };
  const render = (kept: Conversation) => known.prompt.render(kept);
  if (settings.truncate === false) return { prompt: render(conversation), messages, droppedMessages: 0 };
  const fitted = await fitMessages({ known, lease, options, conversation, render, signal: scope.signal });
  const kept = messages.filter((message, index) => index >= fitted.firstKept || message.role === "system");
  return { prompt: fitted.prompt, messages: kept, droppedMessages: fitted.droppedMessages.length };
}

/** Whether thinking can be ended from outside: its end must be rendered, which needs earlier thinking in the prompt. */
function canInterrupt({ prompt }: KnownModel): boolean {
  return prompt.mode === "rendered";
}

/** The tools of which one must be called; undefined when calling is the model's choice. */
function forcedTools({ settings, tools }: Turn): readonly Tool[] | undefined {
  const choice = settings.toolChoice;
  if (choice === "required") return tools;
  return typeof choice === "object" ? tools.filter((tool) => tool.function.name === choice.name) : undefined;
}

const idLetters = "abcdefghijklmnopqrstuvwxyz0123456789";

function newCallId(): string {
  return `call_${Array.from({ length: 8 }, () => idLetters[randomInt(idLetters.length)]).join("")}`;
}

function countImages(messages: readonly Message[]): number {
  return messages.reduce((count, message) => count + (message.images?.length ?? 0), 0);
}
