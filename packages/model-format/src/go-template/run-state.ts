import { PromptError } from "../errors.ts";
import { type AnyNode, printNode } from "./ast.ts";
import { toWellFormedText } from "./bytes.ts";
import { type FunctionFailure, limitReached, locate } from "./errors.ts";
import type { TemplateLimits } from "./limits.ts";
import { quote } from "./quote.ts";
import type { GoValue } from "./values.ts";

/** What evaluating gives: undefined is Go's invalid value, which null, the nil of type `any`, turns into in pipelines. */
export type Value = GoValue | undefined;

/** A function that is called, for its failures. */
interface Calling {
  readonly name: string;
  /** What Go blames. */
  readonly blamed: AnyNode;
  /** The first argument as it is written: what `call` was to call. */
  readonly callee: string;
}

/** One rendering. */
export class RunState {
  output = "";
  /** Go blames the node it looked at last. */
  node: AnyNode;
  /** The tree that runs now. */
  name = "";
  depth = 0;
  /** What the loop is at, where it goes over values of type `any`: that is the type Go names then. */
  anyItem: Value;
  /** The field read last was an element of type `any`. */
  foundInAny = false;
  /** The function called last. */
  calling: Calling | undefined;
  /** Variables in scope, innermost last; a scope ends by cutting both lists. */
  names: string[] = ["$"];
  values: Value[];
  readonly #source: string;
  readonly #limits: TemplateLimits;
  #stepsLeft: number;

  constructor(source: string, limits: TemplateLimits, root: AnyNode, data: GoValue) {
    this.#source = source;
    this.#limits = limits;
    this.#stepsLeft = limits.maxSteps;
    this.node = root;
    this.values = [data];
  }

  write(text: string): void {
    this.output += text;
    if (this.output.length > this.#limits.maxOutputLength) throw limitReached("it wrote too much");
  }

  step(): void {
    if (--this.#stepsLeft < 0) throw limitReached("it ran for too long");
  }

  /** Counts the work on a string and refuses those no prompt could hold. */
  charge(length: number): void {
    if (length > this.#limits.maxOutputLength) throw limitReached("it made a text that is too long");
    this.#stepsLeft -= length >> 4;
  }

  enter(): void {
    if (++this.depth > this.#limits.maxDepth) throw limitReached("templates call each other too deeply");
  }

  push(name: string, value: Value): void {
    this.names.push(name);
    this.values.push(value);
  }

  cut(length: number): void {
    if (this.names.length === length) return;
    this.names.length = length;
    this.values.length = length;
  }

  get(name: string): Value {
    return this.values[this.#find(name)];
  }

  set(name: string, value: Value): void {
    this.values[this.#find(name)] = value;
  }

  #find(name: string): number {
    const { length } = this.names;
    for (let index = length - 1; index >= 0; index--) {
      if (this.names[index] !== name) continue;
      // Looking past thousands of others is work too.
      this.#stepsLeft -= (length - index) >> 4;
      return index;
    }
    return this.fail(`undefined variable: ${name}`);
  }

  /** Adds to what a function says about its failure which one it was and where. */
  failCall(failure: FunctionFailure): never {
    const { calling } = this;
    if (calling === undefined) throw failure;
    this.node = calling.blamed;
    const { message } = failure;
    const shown =
      calling.name === "call"
        ? message.replace("non-function", () => `non-function ${calling.callee}`)
        : message;
    return this.fail(`error calling ${calling.name}: ${shown}`);
  }

  /** @throws PromptError `TEMPLATE_FAILED` in Go's words, at the node looked at last */
  fail(message: string): never {
    const { line, column } = locate(this.#source, this.node.position);
    throw new PromptError(
      "TEMPLATE_FAILED",
      toWellFormedText(
        `template: :${line}:${column}: executing ${quote(this.name)} at <${printNode(this.node)}>: ${message}`,
      ),
      { details: { line, column } },
    );
  }
}
