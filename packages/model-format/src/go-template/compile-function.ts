import type { AnyNode, ArgumentNode, IdentifierNode } from "./ast.ts";
import { printNode } from "./ast.ts";
import type { Evaluate, Scope } from "./compiled.ts";
import type { Parameter, TemplateFunction } from "./functions.ts";
import { quote } from "./quote.ts";
import type { RunState, Value } from "./run-state.ts";
import { GoSlice, isTrue, typeName } from "./values.ts";

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
  if (name === "and" || name === "or") return compileLazy(node, name === "or", args);
  return compileEager(node, { known, name, blamed }, args);
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
function compileLazy(node: AnyNode, decides: boolean, { evaluates, hasPiped }: Arguments): Call {
  return (state, dot, piped) => {
    state.step();
    state.node = node;
    let value: Value;
    for (const evaluate of evaluates) {
      value = evaluate(state, dot);
      if (isTrue(value) === decides) return value;
    }
    return hasPiped ? piped : value;
  };
}

interface Callee {
  readonly known: TemplateFunction;
  readonly name: string;
  readonly blamed: AnyNode;
}

function compileEager(node: AnyNode, { known, name, blamed }: Callee, args: Arguments): Call {
  const { nodes, hasPiped } = args;
  const parameters = [...nodes, node].map((_, index) => known.parameters[index] ?? known.rest);
  const evaluates = args.evaluates.map((evaluate, index) =>
    parameters[index] === "string" ? checkConstant(nodes[index], evaluate) : evaluate,
  );
  const [first, second, third] = evaluates;
  const [one, two] = parameters;
  const { call } = known;
  if (name === "slice") return compileSlice(node, { known, name, blamed }, args);
  if (first === undefined || third !== undefined || hasPiped) {
    const [calleeNode] = nodes;
    return (state, dot, piped) => {
      state.step();
      state.node = node;
      const values = evaluates.map((evaluate, index) =>
        convert(state, evaluate(state, dot), parameters[index]),
      );
      if (hasPiped) values.push(convert(state, piped, parameters[evaluates.length]));
      state.calling = {
        name,
        blamed,
        callee: calleeNode === undefined ? describe(piped) : printNode(calleeNode),
      };
      return charged(state, call(...values));
    };
  }
  const calling = { name, blamed, callee: printNode(nodes[0] ?? node) };
  if (second === undefined) {
    return (state, dot) => {
      state.step();
      state.node = node;
      const value = convert(state, first(state, dot), one);
      state.calling = calling;
      return charged(state, call(value));
    };
  }
  const pair = known.pair ?? call;
  return (state, dot) => {
    state.step();
    state.node = node;
    const left = convert(state, first(state, dot), one);
    const right = convert(state, second(state, dot), two);
    state.calling = calling;
    return charged(state, pair(left, right));
  };
}

function charged(state: RunState, result: Value): Value {
  if (typeof result === "string") state.charge(result.length);
  return result;
}

/** Go's `slice` does not look into values of type `any` for its positions. */
function compileSlice(node: AnyNode, { known, name, blamed }: Callee, args: Arguments): Call {
  const { nodes, evaluates, hasPiped } = args;
  const isField = nodes.map(({ type }) => type === "field" || type === "variable" || type === "chain");
  const calling = { name, blamed, callee: "" };
  const { call } = known;
  const position = (state: RunState, dot: Value, index: number): Value => {
    state.foundInAny = false;
    const value = evaluates[index]?.(state, dot);
    return isField[index] && state.foundInAny && value !== undefined ? null : value;
  };
  const [first] = evaluates;
  const isFromOn = evaluates.length === 2 && !hasPiped;
  return (state, dot, piped) => {
    state.step();
    state.node = node;
    const value = convert(state, first === undefined ? piped : first(state, dot), "value");
    if (isFromOn) {
      const from = position(state, dot, 1);
      // Loops that look for the last message cut the messages this way again and again.
      if (value instanceof GoSlice && typeof from === "number" && from >= 0 && from <= value.length) {
        return value.slice(from, value.length);
      }
      state.calling = calling;
      return charged(state, call(value, from));
    }
    const values = [value];
    for (let index = 1; index < evaluates.length; index++) values.push(position(state, dot, index));
    if (hasPiped && first !== undefined) values.push(piped);
    state.calling = calling;
    return charged(state, call(...values));
  };
}

/** A value as Go's reflection names it where only its text is at hand. */
function describe(value: Value): string {
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
  if (parameter === "value") return value;
  switch (parameter) {
    case "string":
      if (value === undefined) return state.fail("invalid value; expected string");
      return state.fail(
        `wrong type for value; expected string; got ${value === null ? "interface {}" : typeName(value)}`,
      );
    default:
      return value ?? null;
  }
}
