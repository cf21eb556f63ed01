import type {
  AnyNode,
  ArgumentNode,
  BranchNode,
  CallTemplateNode,
  CommandNode,
  ListNode,
  PipeNode,
  TemplateNode,
  VariableNode,
} from "./ast.ts";
import { printNode } from "./ast.ts";
import { FunctionFailure, limitReached, locate } from "./errors.ts";
import { PromptError } from "../errors.ts";
import type { TemplateFunction, TemplateFunctions } from "./functions.ts";
import type { TemplateLimits } from "./limits.ts";
import type { TemplateTrees } from "./parser.ts";
import { printValue } from "./print-value.ts";
import { quote } from "./printf.ts";
import { GoComplex, GoMap, GoSlice, GoStruct, type GoValue, isTrue, typeName } from "./values.ts";

interface Program {
  readonly source: string;
  readonly trees: TemplateTrees;
  readonly functions: TemplateFunctions;
  readonly limits: TemplateLimits;
}

/** Marks the absence of a piped value, which is not the same as nil. */
const nothing = Symbol("no piped value");
type Piped = GoValue | typeof nothing;
type Flow = "break" | "continue" | undefined;

/**
 * Runs one tree of a template.
 * @param data  what `.` and `$` are at the start
 * @throws PromptError `TEMPLATE_FAILED` in Go's words with position, `TEMPLATE_LIMIT`
 */
export function evaluate(program: Program, root: ListNode, data: GoValue): string {
  return new Evaluator(program).run(root, data);
}

class Evaluator {
  readonly #program: Program;
  readonly #output: string[] = [];
  #outputLength = 0;
  #steps = 0;
  #depth = 0;
  #name = "";
  #variables: { readonly name: string; value: GoValue }[] = [];

  constructor(program: Program) {
    this.#program = program;
  }

  run(root: ListNode, data: GoValue): string {
    this.#variables = [{ name: "$", value: data }];
    this.#list(root, data);
    return this.#output.join("");
  }

  #write(text: string): void {
    this.#outputLength += text.length;
    if (this.#outputLength > this.#program.limits.maxOutputLength) throw limitReached("it wrote too much");
    this.#output.push(text);
  }

  #step(): void {
    if (++this.#steps > this.#program.limits.maxSteps) throw limitReached("it ran for too long");
  }

  #list(list: ListNode, dot: GoValue): Flow {
    for (const node of list.nodes) {
      const flow = this.#node(node, dot);
      if (flow !== undefined) return flow;
    }
    return undefined;
  }

  #node(node: TemplateNode, dot: GoValue): Flow {
    this.#step();
    switch (node.type) {
      case "text":
        this.#write(node.text);
        return undefined;
      case "action": {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.declarations.length === 0) this.#write(value === null ? "<no value>" : printValue(value));
        return undefined;
      }
      case "if":
      case "with":
        return this.#ifOrWith(node, dot);
      case "range":
        this.#range(node, dot);
        return undefined;
      case "template":
        this.#callTemplate(node, dot);
        return undefined;
      case "break":
      case "continue":
        return node.type;
      default:
        return node satisfies never;
    }
  }

  #ifOrWith(node: BranchNode, dot: GoValue): Flow {
    const mark = this.#variables.length;
    const value = this.#pipe(node.pipe, dot);
    let flow: Flow;
    if (isTrue(value)) flow = this.#list(node.list, node.type === "with" ? value : dot);
    else if (node.elseList !== undefined) flow = this.#list(node.elseList, dot);
    this.#variables.length = mark;
    return flow;
  }

  #range(node: BranchNode, dot: GoValue): void {
    const mark = this.#variables.length;
    const value = this.#pipe(node.pipe, dot);
    const inner = this.#variables.length;
    let ran = false;
    for (const [key, item] of this.#iterate(node, value)) {
      ran = true;
      this.#step();
      this.#setLoopVariables(node.pipe, inner, key, item);
      const flow = this.#list(node.list, item);
      this.#variables.length = inner;
      if (flow === "break") break;
    }
    if (!ran && node.elseList !== undefined) this.#list(node.elseList, dot);
    this.#variables.length = mark;
  }

  #setLoopVariables(pipe: PipeNode, inner: number, key: GoValue, item: GoValue): void {
    const { declarations, isAssign } = pipe;
    const [first, second] = declarations;
    if (first === undefined) return;
    const set = (node: VariableNode, value: GoValue, fromTop: number) => {
      if (isAssign) return this.#assign(node, value, pipe);
      const variable = this.#variables[inner - fromTop];
      if (variable !== undefined) variable.value = value;
    };
    if (second === undefined) return set(first, item, 1);
    set(first, key, 2);
    set(second, item, 1);
  }

  *#iterate(node: BranchNode, value: GoValue): Iterable<readonly [GoValue, GoValue]> {
    if (value === null) return;
    if (value instanceof GoSlice) {
      for (const [index, item] of value.items.entries()) yield [BigInt(index), item];
      return;
    }
    if (value instanceof GoMap) {
      for (const key of value.sortedKeys()) yield [key, value.entries.get(key) ?? null];
      return;
    }
    if (typeof value === "bigint") {
      if (node.pipe.declarations.length > 1) {
        this.#fail(node.pipe, `can't use ${value} to iterate over more than one variable`);
      }
      for (let index = 0n; index < value; index++) yield [index, index];
      return;
    }
    this.#fail(node.pipe, `range can't iterate over ${printValue(value)}`);
  }

  #callTemplate(node: CallTemplateNode, dot: GoValue): void {
    const tree = this.#program.trees.get(node.name);
    if (tree === undefined) this.#fail(node, `template ${quote(node.name)} not defined`);
    if (++this.#depth > this.#program.limits.maxDepth) throw limitReached("templates call each other too deeply");
    const data = node.pipe === undefined ? null : this.#pipe(node.pipe, dot);
    const outer = { variables: this.#variables, name: this.#name };
    this.#variables = [{ name: "$", value: data }];
    this.#name = node.name;
    this.#list(tree, data);
    this.#variables = outer.variables;
    this.#name = outer.name;
    this.#depth--;
  }

  #pipe(pipe: PipeNode, dot: GoValue): GoValue {
    this.#step();
    let value: Piped = nothing;
    for (const command of pipe.commands) value = this.#command(command, dot, value);
    const result = value === nothing ? null : value;
    for (const declaration of pipe.declarations) {
      if (pipe.isAssign) this.#assign(declaration, result, pipe);
      else this.#variables.push({ name: declaration.names[0] ?? "", value: result });
    }
    return result;
  }

  #assign(node: VariableNode, value: GoValue, pipe: PipeNode): void {
    const variable = this.#variables.findLast(({ name }) => name === node.names[0]);
    // Go blames what it evaluated last, which is the value.
    const blamed = pipe.commands.at(-1)?.args[0] ?? node;
    if (variable === undefined) this.#fail(blamed, `undefined variable: ${node.names[0]}`);
    variable.value = value;
  }

  #command(command: CommandNode, dot: GoValue, piped: Piped): GoValue {
    const [first, ...rest] = command.args;
    if (first === undefined) return null;
    switch (first.type) {
      case "field":
        return this.#fields(first, dot, first.names, this.#hasArguments(rest, piped));
      case "chain":
        return this.#fields(first, this.#argument(first.node, dot), first.names, this.#hasArguments(rest, piped));
      case "variable":
        return this.#variable(first, this.#hasArguments(rest, piped));
      case "identifier":
        return this.#callFunction(command, first.name, rest, dot, piped);
      case "nil":
        return this.#fail(first, "nil is not a command");
      default:
        if (this.#hasArguments(rest, piped)) {
          this.#fail(first, `can't give argument to non-function ${printNode(first)}`);
        }
        return this.#argument(first, dot);
    }
  }

  #hasArguments(rest: readonly ArgumentNode[], piped: Piped): boolean {
    return rest.length > 0 || piped !== nothing;
  }

  #argument(node: ArgumentNode, dot: GoValue): GoValue {
    this.#step();
    switch (node.type) {
      case "dot":
        return dot;
      case "nil":
        return null;
      case "bool":
        return node.value;
      case "string":
        return node.text;
      case "number":
        return typeof node.value === "object" ? new GoComplex(0, node.value.imaginary) : this.#checkedInt(node.value, node);
      case "field":
        return this.#fields(node, dot, node.names, false);
      case "variable":
        return this.#variable(node, false);
      case "chain":
        return this.#fields(node, this.#argument(node.node, dot), node.names, false);
      case "identifier":
        return this.#callFunction(node, node.name, [], dot, nothing);
      case "pipe":
        return this.#pipe(node, dot);
      default:
        return node satisfies never;
    }
  }

  #checkedInt(value: bigint | number, node: AnyNode): bigint | number {
    if (typeof value === "bigint" && value >= 2n ** 63n) this.#fail(node, `${printNode(node)} overflows int`);
    return value;
  }

  #variable(node: VariableNode, hasArguments: boolean): GoValue {
    const [name = "", ...fields] = node.names;
    const variable = this.#variables.findLast((candidate) => candidate.name === name);
    if (variable === undefined) return this.#fail(node, `undefined variable: ${name}`);
    if (fields.length > 0) return this.#fields(node, variable.value, fields, hasArguments);
    if (hasArguments) this.#fail(node, `can't give argument to non-function ${printNode(node)}`);
    return variable.value;
  }

  #fields(node: AnyNode, receiver: GoValue, names: readonly string[], hasArguments: boolean): GoValue {
    let value = receiver;
    for (const [index, name] of names.entries()) {
      value = this.#field(node, value, name, hasArguments && index === names.length - 1);
    }
    return value;
  }

  #field(node: AnyNode, receiver: GoValue, name: string, hasArguments: boolean): GoValue {
    const method = methodOf(receiver, name);
    if (method !== undefined) {
      if (hasArguments) this.#fail(node, `wrong number of args for ${name}: want 0 got 1`);
      return method();
    }
    if (receiver === null) return this.#fail(node, `nil pointer evaluating interface {}.${name}`);
    if (receiver instanceof GoStruct && receiver.isNil) {
      return this.#fail(node, `nil pointer evaluating ${typeName(receiver)}.${name}`);
    }
    if (receiver instanceof GoMap) {
      if (hasArguments) this.#fail(node, `${name} is not a method but has arguments`);
      return receiver.entries.get(name) ?? null;
    }
    if (receiver instanceof GoStruct) {
      const value = receiver.fields.get(name);
      if (value !== undefined) {
        if (hasArguments) this.#fail(node, `${name} has arguments but cannot be invoked as function`);
        return value;
      }
    }
    return this.#fail(node, `can't evaluate field ${name} in type ${typeName(receiver)}`);
  }

  #callFunction(
    node: AnyNode,
    name: string,
    args: readonly ArgumentNode[],
    dot: GoValue,
    piped: Piped,
  ): GoValue {
    const at = node.type === "command" ? (node.args[0] ?? node) : node;
    const known = this.#program.functions.get(name);
    if (known === undefined) return this.#fail(at, `${quote(name)} is not a defined function`);
    const count = args.length + (piped === nothing ? 0 : 1);
    if (count < known.min || count > known.max) {
      const want = known.max === known.min ? `want ${known.min}` : `want at least ${known.min}`;
      this.#fail(at, `wrong number of args for ${name}: ${want} got ${count}`);
    }
    if (name === "and" || name === "or") return this.#lazy(name === "or", args, dot, piped);
    const values = args.map((arg, index) => this.#typed(known, index, this.#argument(arg, dot), arg));
    if (piped !== nothing) values.push(this.#typed(known, values.length, piped, at));
    try {
      return known.call(values);
    } catch (error) {
      if (!(error instanceof FunctionFailure)) throw error;
      const [callee] = args;
      const message = name === "call" && callee ? error.message.replace("non-function", `non-function ${printNode(callee)}`) : error.message;
      return this.#fail(node, `error calling ${name}: ${message}`);
    }
  }

  /** `and` and `or` stop at the first argument that decides. */
  #lazy(decides: boolean, args: readonly ArgumentNode[], dot: GoValue, piped: Piped): GoValue {
    let value: GoValue = null;
    for (const arg of args) {
      value = this.#argument(arg, dot);
      if (isTrue(value) === decides) return value;
    }
    return piped === nothing ? value : piped;
  }

  #typed(known: TemplateFunction, index: number, value: GoValue, node: AnyNode): GoValue {
    const mustBeString = index < (known.stringArguments ?? 0);
    if (!mustBeString || typeof value === "string") return value;
    if (value === null) return this.#fail(node, "invalid value; expected string");
    const isConstant = node.type === "number" || node.type === "bool";
    const text = isConstant
      ? `expected string; found ${printNode(node)}`
      : `wrong type for value; expected string; got ${typeName(value)}`;
    return this.#fail(node, text);
  }

  #fail(node: AnyNode, message: string): never {
    const { line, column } = locate(this.#program.source, node.position);
    throw new PromptError(
      "TEMPLATE_FAILED",
      `template: :${line}:${column}: executing ${quote(this.#name)} at <${printNode(node)}>: ${message}`,
      { details: { line, column } },
    );
  }
}

function methodOf(receiver: GoValue, name: string): (() => GoValue) | undefined {
  if (!(receiver instanceof GoStruct || receiver instanceof GoSlice || receiver instanceof GoMap)) return undefined;
  if (receiver instanceof GoStruct) {
    const method = receiver.methods.get(name);
    if (method !== undefined) return method;
  }
  return name === "String" ? receiver.behaviour.string : undefined;
}
