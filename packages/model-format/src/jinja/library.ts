import {
  Environment as LibraryEnvironment,
  Interpreter as LibraryInterpreter,
  parse as libraryParse,
  tokenize as libraryTokenize,
} from "@huggingface/jinja";

// The library's declarations import each other without file extensions, so under Node's resolution they are `any`.
// Here is what we use of it, written down once.

/** A value while a template runs; what it is shows in what it holds. */
export interface RuntimeValue {
  /** Such as `StringValue`, `UndefinedValue`, `NamespaceValue`, `TupleValue`, `FloatValue`. */
  readonly type: string;
  value:
    | string
    | number
    | boolean
    | null
    | undefined
    | RuntimeValue[]
    | Map<string, RuntimeValue>
    | ((args: readonly RuntimeValue[], scope: Environment) => RuntimeValue);
  readonly builtins: ReadonlyMap<string, RuntimeValue>;
  __bool__(): { readonly value: boolean };
}

/** A scope. `set` converts plain values, functions included, and declares them. */
export interface Environment {
  set(name: string, value: unknown): RuntimeValue;
  /** What may stand after `is`. */
  readonly tests: Map<string, (...operands: readonly (RuntimeValue | undefined)[]) => boolean>;
}

/** A node of a parsed template. */
export interface TemplateNode {
  readonly type: string;
}

export interface Interpreter {
  evaluate(node: TemplateNode | undefined, environment: Environment): RuntimeValue;
}

export const Environment: new () => Environment = LibraryEnvironment;

export const Interpreter: new (environment: Environment) => Interpreter = LibraryInterpreter;

export const parse: (tokens: readonly unknown[]) => TemplateNode = libraryParse;

export const tokenize: (
  text: string,
  options: { readonly lstrip_blocks: boolean; readonly trim_blocks: boolean },
) => readonly unknown[] = libraryTokenize;
