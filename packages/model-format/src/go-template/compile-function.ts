import type { AnyNode, ArgumentNode, IdentifierNode } from "./ast.ts";
import { printNode } from "./ast.ts";
import type { Evaluate, Scope } from "./compile-pipe.ts";
import { FunctionFailure } from "./errors.ts";
import type { Parameter, TemplateFunction } from "./functions.ts";
import { quote } from "./quote.ts";
import type { RunState, Value } from "./run-state.ts";
import { isTrue, typeName } from "./values.ts";

/** What is written behind a function's name. */
export interface Arguments {
  readonly nodes: readonly ArgumentNode[];
  readonly evaluates: readonly Evaluate[];
  /** The value of the command before comes last. */
  readonly hasPiped: boolean;
}

type Call = (state: RunState, dot: Value, piped?: Value) => Value;

/** @param blamed  what Go blames when the function itself fails */
export function compileFunction(node: IdentifierNode, blamed: AnyNode, args: Arguments, scope: Scope): Call {
  const { name } = node;
  const known = scope.functions.get(name);
  const mistake =
    known === undefined ? `${quote(name)} is not a defined function` : countMistake(name, known, args);
  if (known === undefined || mistake !== undefined) {
    return (state) => {
      state.node = node;
      return state.fail(mistake ?? "");
    };
  }
  const run =
    name === "and" || name === "or"
      ? compileLazy(name === "or", args)
      : compileEager(known, blamed, name, args);
  return (state, dot, piped) => {
    state.step();
    state.node = node;
    return run(state, dot, piped);
  };
}

function countMistake(
  name: string,
  known: TemplateFunction,
  { nodes, hasPiped }: Arguments,
): string | undefined {
  const count = nodes.length + (hasPiped ? 1 : 0);
  const least = known.parameters.length;
  if (known.rest === undefined) {
    return count === least ? undefined : `wrong number of args for ${name}: want ${least} got ${count}`;
  }
  return count >= least
    ? undefined
    : `wrong number of args for ${name}: want at least ${least} got ${nodes.length}`;
}

/** `and` and `or` stop at the first argument that decides. */
function compileLazy(decides: boolean, { evaluates, hasPiped }: Arguments): Call {
  return (state, dot, piped) => {
    let value: Value;
    for (const evaluate of evaluates) {
      value = evaluate(state, dot);
      if (isTrue(value) === decides) return value;
    }
    return hasPiped ? piped : value;
  };
}

function compileEager(known: TemplateFunction, blamed: AnyNode, name: string, args: Arguments): Call {
  const { nodes, hasPiped } = args;
  const parameters = Array.from(
    { length: nodes.length + 1 },
    (_, index) => known.parameters[index] ?? known.rest,
  );
  const evaluates = args.evaluates.map((evaluate, index) =>
    parameters[index] === "string" ? checkConstant(nodes[index], evaluate) : evaluate,
  );
  const [calleeNode] = nodes;
  const { call } = known;
  const [first, second, third] = evaluates;
  const [one, two] = parameters;
  const run: Call =
    name === "slice"
      ? compileSlice(known, args)
      : third === undefined && !hasPiped && first !== undefined
        ? second === undefined
          ? (state, dot) => call(convert(state, first(state, dot), one))
          : (state, dot) => {
              const left = convert(state, first(state, dot), one);
              return call(left, convert(state, second(state, dot), two));
            }
        : (state, dot, piped) => {
            const values = evaluates.map((evaluate, index) =>
              convert(state, evaluate(state, dot), parameters[index]),
            );
            if (hasPiped) values.push(convert(state, piped, parameters[evaluates.length]));
            return call(...values);
          };
  return (state, dot, piped) => {
    let result: Value;
    try {
      result = run(state, dot, piped);
    } catch (error) {
      if (!(error instanceof FunctionFailure)) throw error;
      state.node = blamed;
      if (name !== "call") return state.fail(`error calling ${name}: ${error.message}`);
      const callee = calleeNode === undefined ? describePiped(piped) : printNode(calleeNode);
      return state.fail(
        `error calling call: ${error.message.replace("non-function", () => `non-function ${callee}`)}`,
      );
    }
    if (typeof result === "string") state.charge(result.length);
    return result;
  };
}

/** Go's `slice` does not look into values of type `any` for its positions. */
function compileSlice({ call }: TemplateFunction, { nodes, evaluates, hasPiped }: Arguments): Call {
  const isField = nodes.map(({ type }) => type === "field" || type === "variable" || type === "chain");
  return (state, dot, piped) => {
    const values = evaluates.map((evaluate, index) => {
      state.foundInAny = false;
      const value = evaluate(state, dot);
      if (typeof value === "string") state.charge(value.length);
      return index > 0 && isField[index] && state.foundInAny ? null : value;
    });
    if (hasPiped) values.push(piped);
    return call(...values);
  };
}

/** A value as Go's reflection names it where only its text is at hand. */
function describePiped(value: Value): string {
  return typeof value === "string" ? value : `<${typeName(value ?? null)} Value>`;
}

/** Constants are checked as they are written. */
function checkConstant(node: ArgumentNode | undefined, evaluate: Evaluate): Evaluate {
  if (node?.type === "nil") {
    return (state) => {
      state.node = node;
      return state.fail("cannot assign nil to string");
    };
  }
  if (node?.type !== "number" && node?.type !== "bool") return evaluate;
  return (state) => {
    state.node = node;
    return state.fail(`expected string; found ${printNode(node)}`);
  };
}

function convert(state: RunState, value: Value, parameter: Parameter | undefined): Value {
  if (typeof value === "string") {
    state.charge(value.length);
    return value;
  }
  switch (parameter) {
    case "value":
      return value;
    case "string":
      if (value === undefined) return state.fail("invalid value; expected string");
      return state.fail(
        `wrong type for value; expected string; got ${value === null ? "interface {}" : typeName(value)}`,
      );
    default:
      return value ?? null;
  }
}
