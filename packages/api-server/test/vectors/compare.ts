import type { VectorCase, VectorEvent, VectorStep } from "./vector-files.ts";

/** What the server answered, in the shape of the recordings. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly pieces: number;
}

/** Compares one answer with its recording. @returns what differs; empty = equal */
export function compareStep(
  vector: VectorCase,
  step: VectorStep,
  answer: Answer,
  modelsDir: string,
): string[] {
  const { response } = step;
  const rules = new Rules(vector, step);
  const differences: string[] = [];
  const isFault = isBadInput(step) && answer.status >= 400 && answer.status < 500;
  const isCloudRefusal = response.status === 502 && answer.status === 403;
  // A registry that cannot be reached is not this server's fault.
  const isUnreachable = response.status === 500 && answer.status === 502;
  const isUnsupported = response.status === 500 && answer.status === 501;
  const isQueueFull = response.status === 429 && answer.status === 503;
  const allowed = isUnreachable || isFault || isCloudRefusal || isUnsupported || isQueueFull;
  if (answer.status !== response.status && !allowed)
    differences.push(`status ${answer.status}, not ${response.status}`);
  differences.push(...compareHeaders(response.headers, answer.headers));
  if (response.status >= 400 && allowed && !isFault) return differences;
  const text = answer.text.replaceAll(modelsDir, "<store>");
  if (response.body_text !== undefined && response.body_text !== text) {
    differences.push(
      `text ${JSON.stringify(text.slice(0, 200))}, not ${JSON.stringify(response.body_text.slice(0, 200))}`,
    );
  }
  if (response.body !== undefined) differences.push(...compareJson(rules, response, text));
  if (response.chunks !== undefined) differences.push(...compareChunks(rules, response.chunks, answer, text));
  if (response.events !== undefined) differences.push(...compareEvents(rules, response.events, text));
  return differences;
}

/** Where Ollama blames itself for what the request did wrong, the request is blamed here. */
function isBadInput({ response }: VectorStep): boolean {
  if (response.status !== 500) return false;
  const text = JSON.stringify(response.body);
  return /must be of type|invalid format|detokenize error|template: |context length|license|unknown renderer|unsupported quantization|invalid digest/.test(
    text,
  );
}

function compareHeaders(recorded: Readonly<Record<string, string>>, headers: Headers): string[] {
  const differences: string[] = [];
  for (const [name, value] of Object.entries(recorded)) {
    if (name === "Transfer-Encoding") continue;
    const ours = headers.get(name);
    const isEqual = name === "Vary" ? (ours ?? "").includes(value) : ours === value;
    if (!isEqual) differences.push(`${name}: ${ours}, not ${value}`);
  }
  return differences;
}

function compareJson(rules: Rules, response: VectorStep["response"], text: string): string[] {
  if (response.trailing_newline === true && !text.endsWith("\n")) return ["no newline at the end"];
  const body = parse(text);
  if (body === undefined) return [`not JSON: ${text.slice(0, 200)}`];
  return rules.compare("body", response.body, body);
}

function compareChunks(rules: Rules, recorded: readonly unknown[], answer: Answer, text: string): string[] {
  const lines = text.split("\n").filter((line) => line !== "");
  const chunks = lines.map(parse);
  const differences =
    answer.pieces === lines.length ? [] : [`${lines.length} lines in ${answer.pieces} pieces`];
  return [...differences, ...compareSeries(rules, "chunks[]", recorded, chunks, isDone)];
}

function compareEvents(rules: Rules, recorded: readonly VectorEvent[], text: string): string[] {
  const events = text
    .split("\n\n")
    .filter((block) => block.trim() !== "")
    .map(parseEvent);
  return compareSeries(rules, "events[]", recorded, events, isClosing);
}

/**
 * Compares streams. Where the recording stops without an end (the engine's stream broke), ours may go on and tell so;
 * text that depends on the model may come in another number of pieces.
 */
function compareSeries(
  rules: Rules,
  path: string,
  recorded: readonly unknown[],
  ours: readonly unknown[],
  isEnd: (value: unknown) => boolean,
): string[] {
  if (rules.isModelDependent) {
    const [first, last] = [recorded[0], recorded.at(-1)];
    return [...rules.compare(path, first, ours[0]), ...rules.compare(path, last, ours.at(-1))];
  }
  const differences: string[] = [];
  const isBroken = !recorded.some(isEnd);
  const kept = isBroken ? recorded.filter((value) => !isEmptyTail(value)) : recorded;
  if (ours.length < kept.length || (ours.length > kept.length && !isBroken)) {
    differences.push(`${ours.length} items, not ${kept.length}`);
  }
  kept.forEach((value, index) => {
    differences.push(...rules.compare(path, value, ours[index]));
  });
  return differences;
}

function isDone(value: unknown): boolean {
  return isRecord(value) && (value["done"] === true || "error" in value || "status" in value);
}

function isClosing(value: unknown): boolean {
  if (!isRecord(value)) return false;
  return (
    value["data_text"] === "[DONE]" || ["response.completed", "message_stop"].includes(String(value["event"]))
  );
}

/** The empty chunk without a model that Ollama sends when its engine breaks. */
function isEmptyTail(value: unknown): boolean {
  return isRecord(value) && isRecord(value["data"]) && value["data"]["model"] === "";
}

function parseEvent(block: string): VectorEvent {
  const lines = block.split("\n");
  const event = lines.find((line) => line.startsWith("event: "))?.slice("event: ".length);
  const text = lines
    .filter((line) => line.startsWith("data: "))
    .map((line) => line.slice("data: ".length))
    .join("\n");
  const data = parse(text);
  const named = event === undefined ? {} : { event };
  return data === undefined ? { ...named, data_text: text } : { ...named, data };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const modelText: ReadonlySet<string> = new Set([
  "content",
  "context",
  "response",
  "thinking",
  "text",
  "embedding",
  "embeddings",
  "done_reason",
  "finish_reason",
  "stop_reason",
  "prompt_eval_count",
  "eval_count",
  "prompt_tokens",
  "completion_tokens",
  "total_tokens",
  "input_tokens",
  "output_tokens",
  "logprobs",
  "reasoning",
  "delta",
  "tool_calls",
  "choices",
  "output",
  "status",
  "sequence_number",
]);

/** Made by us where the recorded engine made them, or made new each time. */
const cutTexts: ReadonlySet<string> = new Set(["content", "response", "text", "delta"]);

/** Counted by the recorded engine, whose tokens are not ours. */
const tokenCounts: ReadonlySet<string> = new Set([
  "prompt_eval_count",
  "eval_count",
  "prompt_tokens",
  "completion_tokens",
  "total_tokens",
  "input_tokens",
  "output_tokens",
]);

/** How an answer says that it is whole; absent where Ollama's engine never said so (section 13). */
const endings: ReadonlySet<string> = new Set([
  "done",
  "done_reason",
  "finish_reason",
  "stop_reason",
  "context",
  "total_duration",
  "load_duration",
]);

const identifiers: ReadonlySet<string> = new Set(["id", "call_id", "item_id", "request_id", "created"]);

/** Facts about the file that the recorded tool changed while importing it. */
const rewritten: ReadonlySet<string> = new Set(["size", "digest", "tensors", "general.quantization_version"]);

/** Texts that quote Go's decoder, its network or the recorded engine. */
const quoted =
  /json: cannot|invalid character|unexpected EOF|GGML|\{"error|dial tcp|detokenize error|can't evaluate|template: |unmarshalling|Connection reset|Value must be|Value looks like|must be finite|^EOF$/;

class Rules {
  readonly isModelDependent: boolean;
  readonly #volatile: readonly string[];
  readonly #differs: readonly string[];
  readonly #isRenderedByEngine: boolean;
  readonly #isUnfinished: boolean;
  readonly #hasRealTokens: boolean;
  readonly #isBuiltIn: boolean;

  constructor(vector: VectorCase, step: VectorStep) {
    this.isModelDependent = vector.model_dependent_text === true;
    this.#volatile = step.volatile ?? [];
    this.#differs = step.differs_between_runs ?? [];
    this.#isBuiltIn = vector.id.startsWith("scripted/built-");
    this.#isUnfinished = isUnfinished(step.response.body);
    this.#hasRealTokens = !vector.id.startsWith("scripted/") || vector.id.includes("embed");
    // The stand-in engine renders templates its own way, so the tokens of such prompts differ.
    this.#isRenderedByEngine = (step.engine_requests ?? []).some(({ path }) => path === "/apply-template");
  }

  compare(path: string, recorded: unknown, ours: unknown): string[] {
    if (this.#differs.includes(path) || this.#differs.some((rule) => path.startsWith(`${rule}.`))) return [];
    const key = path.slice(path.lastIndexOf(".") + 1).replace(/\[\]$/, "");
    const isLoose =
      this.#volatile.includes(path) ||
      identifiers.has(key) ||
      (this.isModelDependent && modelText.has(key)) ||
      (this.#hasRealTokens && tokenCounts.has(key)) ||
      (key === "context" && this.#isRenderedByEngine);
    if (this.#isUnfinished && endings.has(key)) return [];
    if (isLoose)
      return typeOf(recorded) === typeOf(ours) || this.#mayBeAbsent(recorded, ours)
        ? []
        : [this.#difference(path, recorded, ours)];
    if (rewritten.has(key) || (key === "version" && typeof ours === "string")) return [];
    if (Array.isArray(recorded)) return this.#compareLists(path, recorded, ours);
    if (isRecord(recorded))
      return isRecord(ours)
        ? this.#compareObjects(path, recorded, ours)
        : [this.#difference(path, recorded, ours)];
    if (typeof recorded === "string" && typeof ours === "string" && this.#sameText(key, recorded, ours))
      return [];
    if (recorded === null && Array.isArray(ours) && ours.length === 0) return [];
    return Object.is(recorded, ours) ? [] : [this.#difference(path, recorded, ours)];
  }

  #compareLists(path: string, recorded: readonly unknown[], ours: unknown): string[] {
    if (!Array.isArray(ours)) return [this.#difference(path, recorded, ours)];
    if (this.#differs.includes(`${path}[]`)) return [];
    if (recorded.length !== ours.length) return [`${path}: ${ours.length} items, not ${recorded.length}`];
    return recorded.flatMap((item, index) => this.compare(`${path}[]`, item, ours[index]));
  }

  #compareObjects(
    path: string,
    recorded: Readonly<Record<string, unknown>>,
    ours: Readonly<Record<string, unknown>>,
  ): string[] {
    const names = new Set([...Object.keys(recorded), ...Object.keys(ours)]);
    return [...names].flatMap((name) => {
      if (name === "puna") return [];
      if (this.isModelDependent && modelText.has(name) && !(name in recorded)) return [];
      return this.compare(`${path}.${name}`, recorded[name], ours[name]);
    });
  }

  #sameText(key: string, recorded: string, ours: string): boolean {
    if (recorded === ours) return true;
    if ((key === "error" || key === "message") && quoted.test(recorded)) return true;
    if (key === "modelfile") return sortLines(maskDigests(recorded)) === sortLines(maskDigests(ours));
    // Built-in parsers decide about blanks before a tag by the text alone, not by how it was cut (README).
    if (this.#isBuiltIn && cutTexts.has(key)) return recorded.trimEnd() === ours.trimEnd();
    // Token numbers of the request become text of the recorded model's vocabulary.
    if (key === "rendered_template") return maskControls(recorded) === maskControls(ours);
    return maskDigests(recorded) === maskDigests(ours);
  }

  /** Metrics that are zero are absent, and a model may say nothing. */
  #mayBeAbsent(recorded: unknown, ours: unknown): boolean {
    return (
      (typeof recorded === "number" && ours === undefined) ||
      (recorded === undefined && typeof ours === "number") ||
      this.isModelDependent
    );
  }

  #difference(path: string, recorded: unknown, ours: unknown): string {
    return `${path}: ${show(ours)}, not ${show(recorded)}`;
  }
}

function maskDigests(text: string): string {
  return text.replace(/[0-9a-f]{64}/g, "<digest>");
}

function maskControls(text: string): string {
  return text.replace(/[\u0000-\u0008]/g, "?");
}

/** Ollama prints parameters in random order. */
function sortLines(text: string): string {
  return text.split("\n").sort().join("\n");
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 300);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isUnfinished(body: unknown): boolean {
  if (!isRecord(body)) return false;
  if (body["done"] === false) return !("_debug_info" in body);
  if (body["type"] === "message") return !("stop_reason" in body);
  const [choice] = Array.isArray(body["choices"]) ? body["choices"] : [];
  return isRecord(choice) && choice["finish_reason"] === null;
}
