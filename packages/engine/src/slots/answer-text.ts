import type { CompletionRequest, TokenEvent } from "../engine.ts";
import type { DecodeContext, SampledToken } from "./decode-context.ts";
import { StopText } from "./stop-text.ts";

export type TextDelta = Extract<TokenEvent, { type: "text-delta" }>;
type Logprobs = NonNullable<TextDelta["logprobs"]>;

export interface AnswerTextOptions {
  readonly stop: readonly string[];
  readonly piece: (token: number, special: boolean) => Uint8Array;
  /** Special tokens that are written as text; others are empty. */
  readonly preserved: ReadonlySet<number>;
}

/**
 * Turns sampled tokens into text that may be shown: whole characters, nothing that may begin a stop sequence.
 * Log-probabilities travel with the text that their token finished.
 */
export class AnswerText {
  readonly #options: AnswerTextOptions;
  readonly #stops: StopText;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** Tokens whose text is not shown yet, with the length of all text up to their end. */
  #waiting: { readonly end: number; readonly logprobs: Logprobs[number] }[] = [];
  #received = 0;
  #shown = 0;

  constructor(options: AnswerTextOptions) {
    this.#options = options;
    this.#stops = new StopText(options.stop);
  }

  push({ token, logprobs }: SampledToken): { readonly delta?: TextDelta; readonly stop?: string } {
    const bytes = this.#options.piece(token, this.#options.preserved.has(token));
    const text = this.#decoder.decode(bytes, { stream: true });
    this.#received += text.length;
    if (logprobs !== undefined) this.#waiting.push({ end: this.#received, logprobs });
    const { text: shown, stop } = this.#stops.push(text);
    const delta = this.#show(shown, stop !== undefined);
    return { ...(delta === undefined ? {} : { delta }), ...(stop === undefined ? {} : { stop }) };
  }

  /** What was held back and turned out to be text. Half a character is dropped. */
  end(): TextDelta | undefined {
    return this.#show(this.#stops.end(), true);
  }

  #show(text: string, isLast: boolean): TextDelta | undefined {
    this.#shown += text.length;
    // Tokens without text of their own, such as hidden ones, go with the text before them.
    const ready = this.#waiting.filter(({ end }) => end <= this.#shown);
    if (text === "" && (ready.length === 0 || !isLast)) return undefined;
    this.#waiting = this.#waiting.filter(({ end }) => end > this.#shown);
    const logprobs = ready.map((entry) => entry.logprobs);
    return { type: "text-delta", text, ...(logprobs.length === 0 ? {} : { logprobs }) };
  }
}

/** The text that a request will get. */
export function answerText(context: DecodeContext, request: CompletionRequest): AnswerText {
  const preserved = new Set<number>();
  for (const text of request.preservedTokens ?? []) {
    const [token, ...rest] = context.tokenize(text, false);
    if (token !== undefined && rest.length === 0) preserved.add(token);
  }
  const piece = (token: number, special: boolean) => context.piece(token, special);
  return new AnswerText({ stop: request.stop ?? [], piece, preserved });
}
