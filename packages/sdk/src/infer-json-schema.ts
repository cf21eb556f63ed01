/**
 * The type of values that a JSON schema (written as a literal) describes: types and lists of types, `properties` with
 * `required`, `items`, `enum`, `const`, `anyOf`/`oneOf`. Everything else is `unknown`.
 */
export type InferJsonSchema<S> = S extends { readonly const: infer Value }
  ? Value
  : S extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : S extends { readonly anyOf: readonly (infer Option)[] }
      ? InferJsonSchema<Option>
      : S extends { readonly oneOf: readonly (infer Option)[] }
        ? InferJsonSchema<Option>
        : S extends { readonly type: infer Type }
          ? InferType<S, Type extends readonly (infer One)[] ? One : Type>
          : unknown;

type InferType<S, Type> = Type extends "string"
  ? string
  : Type extends "number" | "integer"
    ? number
    : Type extends "boolean"
      ? boolean
      : Type extends "null"
        ? null
        : Type extends "array"
          ? (S extends { readonly items: infer Item } ? InferJsonSchema<Item> : unknown)[]
          : Type extends "object"
            ? InferObject<S>
            : unknown;

type InferObject<S> = S extends { readonly properties: infer Properties }
  ? Flatten<
      {
        [Key in keyof Properties as Key extends RequiredKeys<S> ? Key : never]: InferJsonSchema<
          Properties[Key]
        >;
      } & {
        [Key in keyof Properties as Key extends RequiredKeys<S> ? never : Key]?: InferJsonSchema<
          Properties[Key]
        >;
      }
    >
  : Record<string, unknown>;

type RequiredKeys<S> = S extends { readonly required: readonly (infer Key)[] } ? Key : never;

type Flatten<T> = { -readonly [Key in keyof T]: T[Key] };
