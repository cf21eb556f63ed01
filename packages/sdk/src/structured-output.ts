import type { Format } from "@puna/protocol";
import { PunaError } from "./errors.ts";
import type { InferJsonSchema } from "./infer-json-schema.ts";

/**
 * A schema object of zod (4.2 and later), or of any library with the same two standards.
 * @source https://standardschema.dev
 */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
    readonly jsonSchema?: {
      readonly input: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
    };
  };
}

type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly unknown[] | undefined;
      }[];
    };

type JsonSchema = Readonly<Record<string, unknown>>;

/** What `format` may be: `"json"`, a JSON schema, or a schema object. */
export type FormatInput = string | JsonSchema | StandardSchema | null | undefined;

/** What a `format` adds to an answer. */
export type WithParsed<F> =
  F extends StandardSchema<infer Output>
    ? { readonly parsed: Output }
    : F extends JsonSchema
      ? { readonly parsed: InferJsonSchema<F> }
      : unknown;

export function isStandardSchema(value: unknown): value is StandardSchema {
  return (typeof value === "object" || typeof value === "function") && value !== null && "~standard" in value;
}

/** The wire form of a `format`. @throws PunaError `INVALID_INPUT` for a schema object that gives no JSON schema */
export function toWireFormat(format: FormatInput): Format | string | null | undefined {
  return isStandardSchema(format) ? jsonSchemaOf(format) : format;
}

/** @throws PunaError `INVALID_INPUT` */
export function jsonSchemaOf(schema: StandardSchema): Record<string, unknown> {
  const { vendor, jsonSchema } = schema["~standard"];
  if (jsonSchema === undefined) {
    throw new PunaError(
      "INVALID_INPUT",
      `A schema of ${vendor} gives no JSON schema here; update ${vendor}, or pass a JSON schema`,
    );
  }
  const { $schema: _dialect, ...plain } = jsonSchema.input({ target: "draft-2020-12" });
  return plain;
}

/**
 * Adds `parsed` to an answer. With a schema object the text is parsed and validated now; with a JSON schema it is
 * parsed when `parsed` is read, so that a cut answer still shows its text.
 * @throws PunaError `INVALID_OUTPUT`
 */
export async function withParsed<T extends object>(answer: T, text: string, format: FormatInput): Promise<T> {
  if (isStandardSchema(format)) {
    return Object.assign(answer, { parsed: await parseAs(format, text) });
  }
  if (typeof format !== "object" || format === null) return answer;
  return Object.defineProperty(answer, "parsed", { get: () => parseJson(text), enumerable: false });
}

/** The value of a text: validated by a schema object, taken as it is with a JSON schema. @throws PunaError `INVALID_OUTPUT` */
export async function parseAs(format: FormatInput, text: string): Promise<unknown> {
  const value = parseJson(text);
  return isStandardSchema(format) ? validate(format, value) : value;
}

/** @throws PunaError `INVALID_OUTPUT` naming what does not fit */
export async function validate<Output>(schema: StandardSchema<Output>, value: unknown): Promise<Output> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  const [first] = result.issues;
  throw new PunaError(
    "INVALID_OUTPUT",
    `The model's answer does not fit the schema: ${first?.message ?? ""}`,
    {
      details: {
        issues: result.issues.map(({ message, path }) => ({ message, path: path?.map(pathPart) ?? [] })),
      },
    },
  );
}

function pathPart(part: unknown): string {
  return typeof part === "object" && part !== null && "key" in part ? String(part.key) : String(part);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PunaError(
      "INVALID_OUTPUT",
      "The model's answer is not complete JSON; it may have reached num_predict",
      {
        cause,
      },
    );
  }
}
