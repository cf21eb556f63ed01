import type { Message, ThinkValue } from "@puna/protocol";
import type { FieldNode, ListNode } from "../go-template/ast.ts";
import { compareBytes } from "../go-template/bytes.ts";
import type { TemplateFunction, TemplateFunctions } from "../go-template/functions.ts";
import { goJson } from "../go-template/go-json.ts";
import { GoTemplate } from "../go-template/go-template.ts";
import { cutAtResponse, variablesOf } from "../go-template/reflect.ts";
import type { Value } from "../go-template/run-state.ts";
import { GoMap, GoStruct, type GoValue } from "../go-template/values.ts";
import { inferThinkingTags, inferToolCallTag, type ThinkingTags } from "../output/infer-tags.ts";
import { collate } from "./collate.ts";
import type { Conversation } from "./renderer.ts";
import { messageValues, toolValues } from "./template-values.ts";

export interface PromptTemplateOptions {
  /** What `currentDate` is taken from; the clock. */
  readonly now?: () => Date;
}

/** A prompt and what follows it, for a model that fills in the middle. */
export interface FillInTheMiddle {
  readonly prompt: string;
  readonly suffix: string;
  readonly think?: ThinkValue;
}

/**
 * A model's own prompt template in Ollama's dialect of Go templates.
 * @example
 * PromptTemplate.parse("{{ range .Messages }}{{ .Role }}: {{ .Content }}\n{{ end }}").render({ messages })
 * @source ollama template/template.go
 */
export class PromptTemplate {
  /** Fields and variables it reads, lower-cased: `messages`, `tools`, `suffix`, … */
  readonly variables: readonly string[];
  /** Empty tags where it has none. */
  readonly thinkingTags: ThinkingTags;
  /** What begins a tool call; `{` where nothing does. */
  readonly toolCallTag: string;
  readonly #template: GoTemplate;
  readonly #ending: GoTemplate;

  private constructor(template: GoTemplate) {
    this.variables = variablesOf(template.trees);
    this.thinkingTags = inferThinkingTags(template.root);
    this.toolCallTag = inferToolCallTag(template.root);
    this.#template = answers(this.variables) ? template : template.withRoot(withResponse(template.root));
    if (!answers(this.variables))
      this.variables = [...new Set([...this.variables, "response"])].sort(compareBytes);
    // The last turn runs a bare copy of the cut tree, which knows neither definitions nor functions of its own.
    this.#ending = this.#template.bare(cutAtResponse(this.#template.root));
  }

  /** @throws PromptError `TEMPLATE_INVALID` with the line, `TEMPLATE_LIMIT` */
  static parse(source: string, options: PromptTemplateOptions = {}): PromptTemplate {
    return new PromptTemplate(
      GoTemplate.parse(source, { functions: promptFunctions(options.now ?? (() => new Date())) }),
    );
  }

  /** The template's text. */
  get source(): string {
    return this.#template.source;
  }

  /** Whether the template reads that variable anywhere, such as `Tools`. */
  uses(variable: string): boolean {
    return this.variables.includes(variable);
  }

  /** `tools`, `insert`, `thinking`, as far as the template shows them. */
  get capabilities(): readonly string[] {
    const { opening, closing } = this.thinkingTags;
    return [
      ...(this.uses("tools") ? ["tools"] : []),
      ...(this.uses("suffix") ? ["insert"] : []),
      ...(opening !== "" && closing !== "" ? ["thinking"] : []),
    ];
  }

  /** Whether the tools, the calls of earlier turns and their results are written. */
  get showsToolRoundTrip(): boolean {
    return this.uses("tools") && this.uses("toolcalls") && writesToolResults.test(this.source);
  }

  /**
   * The prompt of a conversation.
   * @throws PromptError `TEMPLATE_FAILED` with line and column, `TEMPLATE_LIMIT`
   */
  render(conversation: Conversation): string {
    const { system, messages } = collate(conversation.messages);
    if (!this.uses("messages")) return this.#renderTurns(messages, conversation.think);
    return this.#template.execute(
      data({
        System: system,
        Messages: messageValues(messages),
        Tools: toolValues(conversation.tools),
        Response: "",
        ...thinkValues(conversation.think),
      }),
    );
  }

  /**
   * The prompt for what stands between two texts.
   * @throws PromptError as `render`
   */
  fillInTheMiddle({ prompt, suffix, think }: FillInTheMiddle): string {
    return this.#template.execute(
      data({ Prompt: prompt, Suffix: suffix, Response: "", ...thinkValues(think) }),
    );
  }

  /** Templates of the old style run once for each exchange of system, prompt and response. */
  #renderTurns(messages: readonly Message[], think: ThinkValue | undefined): string {
    let out = "";
    let system = "";
    let prompt = "";
    let response = "";
    const turn = () => data({ System: system, Prompt: prompt, Response: response, ...thinkValues(think) });
    const finish = () => {
      out += this.#template.execute(turn());
      system = prompt = response = "";
    };
    for (const message of messages) {
      if (message.role === "system") {
        if (prompt !== "" || response !== "") finish();
        system = message.content;
      } else if (message.role === "user") {
        if (response !== "") finish();
        prompt = message.content;
      } else if (message.role === "assistant") {
        response = message.content;
      }
    }
    return out + this.#ending.execute(turn());
  }
}

/** How published templates treat a message with a tool's result: by its role, or under a heading of its own. */
const writesToolResults = /eq \.Role "tool"|tool_response|TOOL_RESULTS/;

function answers(variables: readonly string[]): boolean {
  return variables.includes("messages") || variables.includes("response");
}

function withResponse(root: ListNode): ListNode {
  const field: FieldNode = { type: "field", names: ["Response"], position: 0 };
  const command = { type: "command", args: [field], position: 0 } as const;
  const pipe = { type: "pipe", isAssign: false, declarations: [], commands: [command], position: 0 } as const;
  return { ...root, nodes: [...root.nodes, { type: "action", pipe, position: 0 }] };
}

function data(fields: Readonly<Record<string, GoValue>>): GoMap {
  return GoMap.of(fields);
}

function thinkValues(think: ThinkValue | undefined): Record<string, GoValue> {
  return {
    Think: think !== undefined && think !== false,
    // A plain "on" has the middle level where a template asks for one.
    ThinkLevel: typeof think === "string" ? think : think ? "medium" : "",
    IsThinkSet: think !== undefined,
  };
}

function promptFunctions(now: () => Date): TemplateFunctions {
  const day = (offset: number) => {
    const today = now();
    // By the calendar: days are not always 24 hours long.
    const date = new Date(today.getFullYear(), today.getMonth(), today.getDate() + offset);
    const pad = (value: number) => String(value).padStart(2, "0");
    return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  };
  return new Map<string, TemplateFunction>([
    ["json", { parameters: ["any"], call: (value = null) => goJson(value) }],
    ["currentDate", { parameters: [], rest: "string", call: () => day(0) }],
    ["yesterdayDate", { parameters: [], rest: "string", call: () => day(-1) }],
    ["toTypeScriptType", { parameters: ["any"], call: typeScriptTypeOf }],
  ]);
}

function typeScriptTypeOf(value: Value): GoValue {
  const method = value instanceof GoStruct ? value.type.methods.get("ToTypeScriptType") : undefined;
  return method === undefined || !(value instanceof GoStruct) ? "any" : method(value);
}
