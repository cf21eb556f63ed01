/** How a model family writes tool calls; the text that a family's own parser reads. */
export interface ToolCallStyle {
  /** Stands before a call. In `auto` mode it is what a call is recognised by. */
  readonly open: string;
  /** Stands behind a call. */
  readonly close: string;
  /** Stands between two calls; undefined: one call only. */
  readonly between?: string;
  readonly call: ToolCallShape;
}

export type ToolCallShape =
  /** `{"name": "f", "arguments": {…}}` */
  | { readonly kind: "object"; readonly nameKey: string; readonly argumentsKey: string }
  /** The bare name, some text, the arguments as a JSON object. */
  | { readonly kind: "name-then-object"; readonly separator: string }
  /** Each argument in a tag of its own: texts as they are, other values as JSON. */
  | {
      readonly kind: "tagged-arguments";
      /** Behind the bare name. */
      readonly afterName: string;
      /** Around the name of an argument. */
      readonly beforeKey: string;
      readonly afterKey: string;
      /** Behind the value; no text may hold it. */
      readonly afterValue: string;
    };

/** Styles of wide-spread families, by the name of the family that set them. */
export const toolCallStyles = {
  /** Qwen, Hermes and many more. */
  hermes: {
    open: "<tool_call>\n",
    close: "\n</tool_call>",
    between: "\n",
    call: { kind: "object", nameKey: "name", argumentsKey: "arguments" },
  },
  /** Llama 3.1 and later: the object alone. */
  llama: { open: "", close: "", call: { kind: "object", nameKey: "name", argumentsKey: "parameters" } },
  /** Mistral since 2025. */
  mistral: {
    open: "[TOOL_CALLS]",
    close: "",
    between: "",
    call: { kind: "name-then-object", separator: "[ARGS]" },
  },
  /** Qwen3-Coder and Nemotron. */
  qwenCoder: {
    open: "<tool_call>\n<function=",
    close: "</function>\n</tool_call>",
    between: "\n",
    call: {
      kind: "tagged-arguments",
      afterName: ">\n",
      beforeKey: "<parameter=",
      afterKey: ">\n",
      afterValue: "\n</parameter>\n",
    },
  },
} as const satisfies Readonly<Record<string, ToolCallStyle>>;
