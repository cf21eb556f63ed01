import type { Message, ThinkValue, Tool } from "@puna/protocol";

/** What every way of asking for text has in common, as the services understand it. */
export interface GenerationSettings {
  /** As the client wrote it: error texts and replies echo it. */
  readonly model: string;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** Any JSON; anything but `"json"`, a schema object, "" and null is refused when the engine is asked. */
  readonly format?: unknown;
  /** Wire form; checked by the route. */
  readonly keepAliveMs?: number | undefined;
  readonly think?: ThinkValue | undefined;
  readonly truncate?: boolean | undefined;
  readonly shift?: boolean | undefined;
  readonly logprobs?: boolean | undefined;
  readonly topLogprobs?: number | undefined;
  readonly renderOnly?: boolean | undefined;
  /** Refuse a `format` that cannot be enforced whole. */
  readonly strictFormat?: boolean | undefined;
  /** GBNF that the whole answer must follow; excludes `format`. */
  readonly grammar?: string | undefined;
}

/** How tools may be used. `required` and a name are enforced by a grammar. */
export type ToolChoice = "auto" | "none" | "required" | { readonly name: string };

export interface ChatSettings extends GenerationSettings {
  readonly messages: readonly Message[];
  readonly tools?: readonly Tool[] | undefined;
  readonly toolChoice?: ToolChoice | undefined;
  /** `false`: at most one call. */
  readonly parallelToolCalls?: boolean | undefined;
  /** Most pieces of thinking before the model must answer. */
  readonly thinkBudget?: number | undefined;
  /** Leave `think` out, instead of refusing it, where the model cannot think. */
  readonly lenientThink?: boolean | undefined;
}

export interface GenerateSettings extends GenerationSettings {
  readonly prompt: string;
  readonly suffix?: string | undefined;
  readonly system?: string | undefined;
  readonly template?: string | undefined;
  readonly context?: readonly number[] | undefined;
  readonly raw?: boolean | undefined;
  readonly images?: readonly string[] | undefined;
}

/** What a service knows about the request it works for. */
export interface RequestScope {
  readonly signal: AbortSignal;
  readonly clientId?: string | undefined;
  /** When the request came, on the clock that `now` reads. */
  readonly arrivedAtMs: number;
  /** Names something that was accepted and had no effect; clients see it in `x-puna-warnings`. */
  warn(warning: string): void;
}
