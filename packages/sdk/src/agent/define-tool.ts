import type { InferJsonSchema } from "../infer-json-schema.ts";
import { isStandardSchema, jsonSchemaOf, type StandardSchema, validate } from "../structured-output.ts";
import type { Tool } from "../types.ts";

/** Schema of a tool's arguments: zod and its like (then they are validated), or a JSON schema (then they are not). */
export type ParametersInput = StandardSchema | Readonly<Record<string, unknown>>;

/** Type of the arguments that a schema lets through; `unknown` where a JSON schema does not tell. */
export type InferParameters<P> = P extends StandardSchema<infer Output> ? Output : InferJsonSchema<P>;

/** What a tool's function knows of the run beside its arguments. */
export interface ToolContext {
  /** Aborted when the run is, or when the tool's time is over. */
  readonly signal: AbortSignal;
}

/** A function that a model may call. */
export interface AgentTool {
  readonly name: string;
  /** The wire form, as `tools` of a chat request has it. */
  readonly definition: Tool;
  /**
   * Checks the arguments and runs the function.
   * @throws PunaError `INVALID_OUTPUT` for arguments that do not fit the schema, and whatever the function throws
   */
  call(parameters: unknown, context: ToolContext): Promise<unknown>;
}

/**
 * Describes a function to a model. Its result goes to the model as text: strings as they are, the rest as JSON.
 * What it throws goes to the model too, so that it can try something else.
 */
export function defineTool<const P extends ParametersInput>(tool: {
  /** Letters, digits, `_` and `-`; two tools of one run may not share it. */
  readonly name: string;
  /** What it does and when to use it, for the model. */
  readonly description: string;
  readonly parameters: P;
  readonly execute: (parameters: InferParameters<P>, context: ToolContext) => unknown;
}): AgentTool {
  const { name, description, execute } = tool;
  const schema: ParametersInput = tool.parameters;
  return {
    name,
    definition: {
      type: "function",
      function: { name, description, parameters: isStandardSchema(schema) ? jsonSchemaOf(schema) : schema },
    },
    call: async (parameters, context) => {
      const value = isStandardSchema(schema) ? await validate(schema, parameters) : parameters;
      // Validated above, or, with a bare JSON schema, trusted to be what the model was asked for.
      return execute(value as InferParameters<P>, context);
    },
  };
}
