import type { Message } from "@puna/protocol";
import type { Conversation } from "./renderer.ts";

export interface FitOptions {
  readonly conversation: Conversation;
  /** Context length in tokens. */
  readonly limitTokens: number;
  /** What one image costs on top of its marker; 0 for a model that sees none. */
  readonly imageTokens?: number;
  /** @throws PromptError when the conversation cannot be expressed */
  render(conversation: Conversation): string;
  /** Number of tokens of a text, as the model that gets the prompt will see it. */
  countTokens(text: string): number | Promise<number>;
  readonly signal?: AbortSignal;
}

export interface FittedPrompt {
  readonly prompt: string;
  /** Index of the first message that was kept; system messages before it are kept as well. 0: nothing dropped. */
  readonly firstKept: number;
  readonly droppedMessages: readonly Message[];
  /** Length of the prompt, images included. May be over the limit when the last message alone is. */
  readonly tokens: number;
  /** How often the conversation was rendered: at most ⌈log2 n⌉ + 2 times for n messages. */
  readonly renderings: number;
}

/** A prompt that starts at some message, or the reason why there is none. */
type Candidate = { readonly prompt: string; readonly tokens: number } | { readonly failure: unknown };

/**
 * Drops the oldest turns until the rendered prompt fits the context.
 * Keeps every system message, and always the last message, even if that alone is too long.
 *
 * Dropping a message makes a prompt shorter, so the first one to keep is found by halving. It is the one that
 * trying every message in turn would find, as long as the renderer keeps to that.
 * @throws whatever `render` throws for the conversation that would be kept
 * @source ollama server/prompt.go chatPrompt, which renders once per dropped message
 */
export async function fitToContext(options: FitOptions): Promise<FittedPrompt> {
  const { messages } = options.conversation;
  const tried = new Map<number, Candidate>();
  const attempt = async (start: number): Promise<Candidate> => {
    const known = tried.get(start);
    if (known !== undefined) return known;
    const candidate = await measure(options, start);
    tried.set(start, candidate);
    return candidate;
  };
  // Ollama's scan ends at the first candidate that fits or cannot be rendered.
  const ends = async (start: number) => {
    const candidate = await attempt(start);
    return "failure" in candidate || candidate.tokens <= options.limitTokens;
  };

  let firstKept = 0;
  if (messages.length > 1 && !(await ends(0))) {
    let tooEarly = 0;
    firstKept = messages.length - 1;
    while (firstKept - tooEarly > 1) {
      const middle = Math.floor((tooEarly + firstKept) / 2);
      if (await ends(middle)) firstKept = middle;
      else tooEarly = middle;
    }
  }
  const chosen = await attempt(firstKept);
  if ("failure" in chosen) throw chosen.failure;
  const droppedMessages = messages.slice(0, firstKept).filter((message) => message.role !== "system");
  return { ...chosen, firstKept, droppedMessages, renderings: tried.size };
}

async function measure(options: FitOptions, start: number): Promise<Candidate> {
  const { conversation, imageTokens = 0, signal } = options;
  signal?.throwIfAborted();
  const kept = conversation.messages.slice(start);
  const system = conversation.messages.slice(0, start).filter((message) => message.role === "system");
  let prompt: string;
  try {
    prompt = options.render({ ...conversation, messages: [...system, ...kept] });
  } catch (failure) {
    return { failure };
  }
  const images = kept.reduce((sum, message) => sum + (message.images?.length ?? 0), 0);
  return { prompt, tokens: (await options.countTokens(prompt)) + images * imageTokens };
}
