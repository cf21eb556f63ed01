import type { AnyNode, ArgumentNode, ChainNode, CommandNode, PipeNode, VariableNode } from "./ast.ts";
import { printNode } from "./ast.ts";
import { type Arguments, compileFunction } from "./compile-function.ts";
import type { Evaluate, Scope } from "./compiled.ts";
import { holdsAny, readField } from "./read-field.ts";
import type { RunState, Value } from "./run-state.ts";
import { GoStruct } from "./values.ts";

/** @param piped  the value of the command before, where there is one */
type Command = (state: RunState, dot: Value, piped?: Value) => Value;

export function compilePipe(pipe: PipeNode, scope: Scope): Evaluate {
  const commands = pipe.commands.map((command, index) => compileCommand(command, index > 0, scope));
  const [only, second] = commands;
  const { declarations, isAssign } = pipe;
  const isSingle = only !== undefined && second === undefined;
  if (isSingle && declarations.length === 0) {
    return (state, dot) => {
      state.step();
      state.node = pipe;
      return only(state, dot) ?? undefined;
    };
  }
  const names = declarations.map((declaration) => declaration.names[0] ?? "");
  return (state, dot) => {
    state.step();
    state.node = pipe;
    let value: Value;
    if (isSingle) value = only(state, dot) ?? undefined;
    else for (const command of commands) value = command(state, dot, value) ?? undefined;
    for (const name of names) {
      if (isAssign) state.set(name, value);
      else state.push(name, value);
    }
    return value;
  };
}

function compileCommand(command: CommandNode, hasPiped: boolean, scope: Scope): Command {
  const [first, ...rest] = command.args;
  if (first === undefined) return () => undefined;
  const hasArguments = hasPiped || rest.length > 0;
  const count = rest.length + (hasPiped ? 1 : 0);
  switch (first.type) {
    case "field":
      return compileFields(first, (_, dot) => dot, first.names, count, scope);
    case "chain":
      return compileChain(first, count, scope);
    case "variable":
      return compileVariable(first, count, scope);
    case "identifier": {
      const args: Arguments = {
        nodes: rest,
        evaluates: rest.map((arg) => compileArgument(arg, scope)),
        hasPiped,
      };
      return compileFunction(first, command, args, scope);
    }
    default:
      break;
  }
  const isPipe = first.type === "pipe";
  if (hasArguments) {
    return (state) => {
      if (!isPipe) state.node = first;
      return state.fail(`can't give argument to non-function ${printNode(first)}`);
    };
  }
  if (first.type === "nil") {
    return (state) => {
      state.node = first;
      return state.fail("nil is not a command");
    };
  }
  return compileArgument(first, scope);
}

/** An operand that stands for its value. */
function compileArgument(node: ArgumentNode, scope: Scope): Evaluate {
  switch (node.type) {
    case "dot":
      return at(node, (_, dot) => dot);
    case "nil":
      return at(node, () => undefined);
    case "bool": {
      const { value } = node;
      return at(node, () => value);
    }
    case "string": {
      const { text } = node;
      return at(node, () => text);
    }
    case "number": {
      const { value } = node;
      return at(
        node,
        value === undefined ? (state) => state.fail(`${node.text} overflows int`) : () => value,
      );
    }
    case "field":
      return compileFields(node, (_, dot) => dot, node.names, 0, scope);
    case "variable":
      return compileVariable(node, 0, scope);
    case "chain":
      return compileChain(node, 0, scope);
    case "identifier":
      return compileFunction(node, node, { nodes: [], evaluates: [], hasPiped: false }, scope);
    case "pipe":
      return at(node, compilePipe(node, scope));
    default:
      return node satisfies never;
  }
}

function at(node: AnyNode, evaluate: Evaluate): Evaluate {
  return (state, dot) => {
    state.node = node;
    return evaluate(state, dot);
  };
}

function compileChain(node: ChainNode, argumentCount: number, scope: Scope): Command {
  if (node.node.type === "nil") {
    return (state) => {
      state.node = node;
      return state.fail(`indirection through explicit nil in ${printNode(node)}`);
    };
  }
  const inner = compileArgument(node.node, scope);
  return compileFields(node, inner, node.names, argumentCount, scope);
}

function compileVariable(node: VariableNode, argumentCount: number, scope: Scope): Command {
  const [name = "", ...fields] = node.names;
  const read: Evaluate = (state) => state.get(name);
  if (fields.length > 0) return compileFields(node, read, fields, argumentCount, scope);
  return (state) => {
    state.node = node;
    const value = state.get(name);
    if (argumentCount > 0) state.fail(`can't give argument to non-function ${printNode(node)}`);
    return value;
  };
}

function compileFields(
  node: AnyNode,
  receiver: Evaluate,
  names: readonly string[],
  argumentCount: number,
  scope: Scope,
): Command {
  const [only = "", second] = names;
  const { missingKeyIsNil } = scope;
  if (second === undefined) {
    const options = { argumentCount, missingKeyIsNil, holdsAny: false };
    // The field of the struct type seen last, which is nearly always the next one too.
    let type: GoStruct["type"] | undefined;
    let read: ((source: object) => Value) | undefined;
    return (state, dot) => {
      state.step();
      state.node = node;
      const value = receiver(state, dot);
      if (!(value instanceof GoStruct) || argumentCount > 0) return readField(state, value, only, options);
      if (value.type !== type) {
        type = value.type;
        read = type.fields.get(only);
      }
      if (read === undefined || value.source === null) return readField(state, value, only, options);
      state.foundInAny = false;
      return read(value.source);
    };
  }
  const inner = { argumentCount: 0, missingKeyIsNil };
  return (state, dot) => {
    state.step();
    state.node = node;
    let value = receiver(state, dot);
    let isAny = false;
    for (const [index, name] of names.entries()) {
      const parent = value;
      const isLast = index === names.length - 1;
      value = readField(state, parent, name, {
        ...inner,
        argumentCount: isLast ? argumentCount : 0,
        holdsAny: isAny,
      });
      isAny = holdsAny(parent);
    }
    return value;
  };
}
